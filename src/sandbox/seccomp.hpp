#pragma once

#include <vector>

#include <linux/filter.h>

namespace oap::sandbox {

struct FilterOptions {
  bool netlink = false;  ///< services may ask for the network's interfaces
  bool internet = true;  ///< false: no AF_INET and AF_INET6 sockets, where nothing else cuts them
};

/// The system calls that a child does not need and an attacker does, as a seccomp program: tracing,
/// namespaces, mounts, keys, bpf, io_uring, modules, clocks, odd socket families, pushing input
/// into terminals. Other architectures than the native one (x32 too) are killed. Refusals are
/// EPERM, or ENOSYS where programs then take another way. Pure.
std::vector<sock_filter> seccomp_filter(const FilterOptions& options);

}  // namespace oap::sandbox
