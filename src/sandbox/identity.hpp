#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::sandbox {

/// As whom a child runs. Where this process is root, that is an unprivileged uid that no other run
/// on this machine has at the same time, as long as the Identity lives.
class Identity {
 public:
  /// `workspace` is canonical; its owner is who files that the child makes there shall belong to.
  /// `apart`: with an uid of its own, where this process is root.
  Identity(const std::string& workspace, bool apart);
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t owner = 0;
  std::uint32_t owner_group = 0;
  bool needs_idmap = false;
  /// A user namespace that maps the owner to the uid, for idmapped mounts; null where the kernel
  /// makes none.
  std::shared_ptr<os::UniqueFd> idmap;

 private:
  int slot_ = -1;
};

/// The lines for /proc/PID/uid_map that map one id to another and every other one to itself. Pure.
std::string swap_map(std::uint32_t inside, std::uint32_t outside);

}  // namespace oap::sandbox
