"""Facts about the clouds: machines, zones, prices, services, Kubernetes versions, charts, error codes, quotas.

Everything here is data in `catalog/data/*.csv`; every row carries its source and date, and a new row needs no
code. A value that no source gave is `None` (or an empty set): it means "not known", never "no" and never zero.
Each file is read once, when a function first needs it, and passes the guards of `catalog.guards` on the way.
"""

from __future__ import annotations

from bedplate.catalog.engine_memory import engine_memory_gib, visible_memory_gib
from bedplate.catalog.failures import FailureKind, classify_error
from bedplate.catalog.locations import control_plane_zones, regions, zones
from bedplate.catalog.machine_types import accelerators, clouds, clouds_of, machine, machines
from bedplate.catalog.model import (
    Accelerator,
    Chart,
    ColdStartPhase,
    ContainerImage,
    EngineMemory,
    KubernetesVersion,
    MachineType,
    Model,
    Price,
    Quota,
    ServicePrice,
)
from bedplate.catalog.node_images import node_image_alias
from bedplate.catalog.own_prices import OWN_PRICES_FOLDER, use_own_prices
from bedplate.catalog.prices import price, priced_regions
from bedplate.catalog.quotas import knows_quotas, quota
from bedplate.catalog.releases import (
    chart,
    charts,
    default_kubernetes_version,
    defining_chart,
    kubernetes_versions,
)
from bedplate.catalog.service_prices import service_price, services
from bedplate.catalog.serving import cold_start_phases, image, images, model, models

__all__ = [
    "OWN_PRICES_FOLDER",
    "Accelerator",
    "Chart",
    "ColdStartPhase",
    "ContainerImage",
    "EngineMemory",
    "FailureKind",
    "KubernetesVersion",
    "MachineType",
    "Model",
    "Price",
    "Quota",
    "ServicePrice",
    "accelerators",
    "chart",
    "charts",
    "classify_error",
    "clouds",
    "clouds_of",
    "cold_start_phases",
    "control_plane_zones",
    "default_kubernetes_version",
    "defining_chart",
    "engine_memory_gib",
    "image",
    "images",
    "knows_quotas",
    "kubernetes_versions",
    "machine",
    "machines",
    "model",
    "models",
    "node_image_alias",
    "price",
    "priced_regions",
    "quota",
    "regions",
    "service_price",
    "services",
    "use_own_prices",
    "visible_memory_gib",
    "zones",
]
