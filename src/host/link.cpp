#include "host/link.hpp"

#include "host/shard_host.hpp"

namespace ron::host {

void Link::readable() { host->link_ready(*this); }
void Link::writable() { host->link_writable(*this); }

}  // namespace ron::host
