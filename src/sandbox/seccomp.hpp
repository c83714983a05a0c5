#pragma once

#include <vector>

#include <linux/filter.h>

namespace oap::sandbox {

struct FilterOptions {
  bool netlink = false;  ///< NETLINK_ROUTE: the network's interfaces may be asked for
  /// false: no AF_INET and AF_INET6 sockets, where nothing else cuts them, and no AF_UNIX ones but
  /// pairs: by a path they lead to the host's programs.
  bool network = true;
  bool group_folders = false;  ///< modes with setgid may be set: folders here hand down their group
  bool allocate = true;        ///< false: no space on disk but by writing, which is counted
  bool metadata = true;  ///< false: no file's mode, owner, attributes and length by its path may be
                         ///< changed, which Landlock does not know
  bool memory_files =
      true;  ///< false: no memory that belongs to no process, where nobody counts it
};

/// The system calls that a child does not need and an attacker does, as a seccomp program: tracing,
/// namespaces, mounts, keys, bpf, io_uring, modules, clocks, odd socket families, pushing input
/// into terminals. Other architectures than the native one (x32 too) are killed. Refusals are
/// EPERM, or ENOSYS where programs then take another way. Pure.
std::vector<sock_filter> seccomp_filter(const FilterOptions& options);

}  // namespace oap::sandbox
