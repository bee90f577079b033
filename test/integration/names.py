"""The one place where names that tests share with the node stand: counters, gauges, config keys.

A counter is (metric, labels). A label value of None sums over every value of that label.
"""

# --- counters: what must move, by exactly how much, after a misdeed ------------------------------
COUNTERS = {
    # frames and payloads refused
    "proto": ("rejected_total", {"reason": "proto"}),
    "oversize": ("rejected_total", {"reason": "oversize"}),
    "ratio": ("rejected_total", {"reason": "ratio_cap"}),
    "timeout": ("rejected_total", {"reason": "timeout"}),
    "busy": ("rejected_total", {"reason": "busy"}),
    "quota": ("rejected_total", {"reason": "quota"}),
    "unauth": ("rejected_total", {"reason": "unauth"}),
    "accept_rate": ("rejected_total", {"reason": "handshake_ratelimit"}),
    # connections closed at accept
    "refused_full": ("overlay_connections_refused_total", {"reason": "max_conns"}),
    "refused_rate": ("overlay_connections_refused_total", {"reason": "ratelimit"}),
    "refused_uid": ("overlay_connections_refused_total", {"reason": "uid"}),
    # timers
    "io_handshake": ("io_timeouts_total", {"op": "handshake"}),
    "io_read": ("io_timeouts_total", {"op": "read"}),
    "io_write": ("io_timeouts_total", {"op": "write"}),
    "io_idle": ("io_timeouts_total", {"op": "idle"}),
    # OAP handshake
    "hs_attempts": ("overlay_handshake_attempts_total", {}),
    "hs_timeout": ("overlay_handshake_failures_total", {"reason": "timeout"}),
    "hs_proto": ("overlay_handshake_failures_total", {"reason": "proto"}),
    "hs_auth": ("overlay_handshake_failures_total", {"reason": "auth"}),
    "hs_tls": ("overlay_handshake_failures_total", {"reason": "tls"}),
    "hs_any": ("overlay_handshake_failures_total", {"reason": None}),
    # TLS handshake
    "tls_cert": ("tls_handshake_failures_total", {"reason": "cert"}),
    "tls_version": ("tls_handshake_failures_total", {"reason": "version"}),
    "hs_pq": ("overlay_handshake_failures_total", {"reason": "pq_neg_fail"}),
    "pq_incompatible": ("overlay_pq_negotiations_total", {"mode": None, "outcome": "incompatible"}),
    "tls_cipher": ("tls_handshake_failures_total", {"reason": "cipher"}),
    "tls_alpn": ("tls_handshake_failures_total", {"reason": "alpn"}),
    "tls_any": ("tls_handshake_failures_total", {"reason": None}),
    # flow
    "lost": ("overlay_queue_dropped_total", {"queue": None, "reason": None}),
    "gossip_lost": ("gossip_dropped_total", {"reason": None}),
    "too_large": ("gossip_dropped_total", {"reason": "too_large"}),
    "told": ("gossip_lagged_total", {}),
    "rx_frames": ("overlay_frames_total", {"dir": "rx", "kind": None}),
    "tx_frames": ("overlay_frames_total", {"dir": "tx", "kind": None}),
    "rx_gossip": ("overlay_frames_total", {"dir": "rx", "kind": "gossip"}),
    "tx_gossip": ("overlay_frames_total", {"dir": "tx", "kind": "gossip"}),
    "rx_bytes": ("overlay_bytes_total", {"dir": "rx"}),
    "tx_bytes": ("overlay_bytes_total", {"dir": "tx"}),
    # sessions
    "opened": ("overlay_sessions_open_total", {}),
    "closed": ("overlay_sessions_close_total", {"reason": None}),
    "closed_slow": ("overlay_sessions_close_total", {"reason": "slow"}),
    # reloads
    "reloads": ("config_update_total", {}),
    "reloads_refused": ("config_update_failures_total", {}),
}

SESSIONS_ACTIVE = "overlay_sessions_active"

# Every series that must be there on a node that has just started (B9).
FAMILIES = (
    "overlay_sessions_active", "overlay_sessions_open_total", "overlay_handshake_attempts_total",
    "overlay_handshake_failures_total", "overlay_frames_total", "overlay_bytes_total",
    "rejected_total", "overlay_queue_dropped_total", "overlay_queue_depth",
    "tls_handshake_failures_total", "readyz_state", "overlay_build_info", "overlay_queue_capacity",
    "overlay_queue_capacity_bytes", "overlay_slab_capacity_bytes",
    "overlay_queue_bytes", "overlay_connections_total", "overlay_connections_refused_total",
    "overlay_sessions_close_total", "overlay_pq_negotiations_total", "pq_mode", "io_timeouts_total",
    "gossip_dropped_total", "process_open_fds", "overlay_readiness_gate", "http_requests_total",
)

# --- config keys ---------------------------------------------------------------------------------
# What every node of the suite starts with: limits far above what honest test traffic needs.
BASE_CONFIG = {
    "overlay.peer.max_rps": 50000,
    "overlay.peer.inflight_frames": 512,
    "transport.accept_rate": 100000,
    "transport.accept_burst": 200000,
}
# Exit codes of a daemon that refuses to start (sysexits).
EXIT_CONFIG = 78
EXIT_BIND = 69

KEY_SHARDS = "overlay.shards"
KEY_LISTEN = "overlay.listen"
KEY_ADMIN = "observability.metrics_addr"
