"""Says when an inference engine hangs: has work, answers its health checks, and produces nothing."""
