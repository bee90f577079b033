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
    "tls_cipher": ("tls_handshake_failures_total", {"reason": "cipher"}),
    "tls_alpn": ("tls_handshake_failures_total", {"reason": "alpn"}),
    "tls_any": ("tls_handshake_failures_total", {"reason": None}),
    # flow
    "lost": ("overlay_queue_dropped_total", {"queue": None, "reason": None}),
    "rx_frames": ("overlay_frames_total", {"dir": "rx", "kind": None}),
    "tx_frames": ("overlay_frames_total", {"dir": "tx", "kind": None}),
    "rx_gossip": ("overlay_frames_total", {"dir": "rx", "kind": "gossip"}),
    "tx_gossip": ("overlay_frames_total", {"dir": "tx", "kind": "gossip"}),
    "rx_bytes": ("overlay_bytes_total", {"dir": "rx"}),
    "tx_bytes": ("overlay_bytes_total", {"dir": "tx"}),
    # sessions
    "opened": ("overlay_sessions_open_total", {}),
    "closed": ("overlay_sessions_close_total", {"reason": None}),
}

SESSIONS_ACTIVE = "overlay_sessions_active"

# Every series that must be there on a node that has just started (B9).
FAMILIES = (
    "overlay_sessions_active", "overlay_sessions_open_total", "overlay_handshake_attempts_total",
    "overlay_handshake_failures_total", "overlay_frames_total", "overlay_bytes_total",
    "rejected_total", "overlay_queue_dropped_total", "overlay_queue_depth",
    "tls_handshake_failures_total", "readyz_state", "overlay_build_info",
)

# --- config keys ---------------------------------------------------------------------------------
# What every node of the suite starts with: limits far above what honest test traffic needs.
BASE_CONFIG = {
    "overlay.peer.max_rps": 50000,
    "overlay.peer.inflight_frames": 512,
    "transport.accept_rate": 100000,
}
KEY_SHARDS = "overlay.shards"
KEY_LISTEN = "overlay.listen"
KEY_ADMIN = "observability.metrics_addr"
