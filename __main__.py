"""The Pulumi program of every stack: what a team declares under `bedplate:stack` becomes resources.

To declare by hand instead, import the components: `bedplate.clusters.component`, `bedplate.node_pools.component`.
"""

from bedplate.program import run

run()
