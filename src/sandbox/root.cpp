#include "sandbox/root.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sandbox/kernel.hpp"
#include "sandbox/plain_path.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr unsigned kClone = kernel::kOpenTreeClone | kernel::kCloexec | kernel::kRecursive;
constexpr std::uint64_t kTmpfsAttributes = kernel::kNoSuid;

OAP_AFTER_FORK int open_tree(int directory, const char* path, unsigned flags) {
  return static_cast<int>(raw::call(kernel::kOpenTree, directory, path, flags));
}

OAP_AFTER_FORK long set_attributes(int mount, const kernel::MountAttributes& attributes,
                                   bool recursive = true) {
  return raw::call(kernel::kMountSetattr, mount, "",
                   kernel::kEmptyPath | (recursive ? kernel::kRecursive : 0U), &attributes,
                   sizeof attributes);
}

OAP_AFTER_FORK long move_mount(int mount, int directory, const char* path) {
  return raw::call(kernel::kMoveMount, mount, "", directory, path, kernel::kMoveFromEmptyPath);
}

struct Option {
  const char* name;
  const char* value;
};

/// A new file system as a mount that is nowhere yet.
OAP_AFTER_FORK int new_filesystem(const char* type, const Option* options, int count,
                                  std::uint64_t attributes) {
  const auto context = static_cast<int>(raw::call(kernel::kFsOpen, type, 1));
  if (context < 0) {
    return context;
  }
  long error = 0;
  for (int i = 0; i < count && error == 0; ++i) {
    if (options[i].value == nullptr) {
      error =
          raw::call(kernel::kFsConfig, context, kernel::kFsConfigFlag, options[i].name, nullptr, 0);
    } else {
      error = raw::call(kernel::kFsConfig, context, kernel::kFsConfigString, options[i].name,
                        options[i].value, 0);
    }
  }
  if (error == 0) {
    error = raw::call(kernel::kFsConfig, context, kernel::kFsConfigCreate, nullptr, nullptr, 0);
  }
  if (error == 0) {
    error = raw::call(kernel::kFsMount, context, 1, attributes);
  }
  raw::close(context);
  return static_cast<int>(error);
}

class Builder {
 public:
  OAP_AFTER_FORK Builder(const LaunchPlan& plan, RootGate& gate) : plan_(plan), gate_(gate) {}

  OAP_AFTER_FORK RootResult run() {
    result_.host_proc = raw::open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
    long error = begin();
    if (error == 0) {
      error = host_is_read_last() ? build_in_order() : build_pins_last();
    }
    if (error == 0) {
      error = verify();
    }
    raw::close(root_);
    raw::close(scratch_);
    result_.error = error;
    return result_;
  }

 private:
  /// What was given by name is shown over what is pinned around it.
  OAP_AFTER_FORK bool host_is_read_last() const {
    bool pinned = false;
    for (const Step& step : plan_.steps) {
      const bool reads = step.kind == Step::Kind::kBind || step.kind == Step::Kind::kOverlay ||
                         step.kind == Step::Kind::kDiscard || step.kind == Step::Kind::kNode;
      if (reads && pinned) {
        return true;
      }
      pinned = pinned || step.kind == Step::Kind::kSelf;
    }
    return false;
  }

  OAP_AFTER_FORK long build_in_order() {
    long error = pass_gate();
    error = error == 0 ? perform_all(true, true) : error;
    error = error == 0 ? seal() : error;
    return error == 0 ? leave() : error;
  }

  /// While the supervisor puts the stand-ins, and while the kernel waits for all processors before
  /// the former root is gone.
  OAP_AFTER_FORK long build_pins_last() {
    long error = perform_all(true, false);
    error = error == 0 ? leave() : error;
    error = error == 0 ? pass_gate() : error;
    error = error == 0 ? perform_all(false, true) : error;
    return error == 0 ? seal() : error;
  }

  OAP_AFTER_FORK long pass_gate() { return gate_.pass() ? 0 : -EPIPE; }

  OAP_AFTER_FORK long perform_all(bool others, bool pins) {
    long error = 0;
    for (std::size_t i = 0; i < plan_.steps.size && error == 0; ++i) {
      const Step& step = plan_.steps.data[i];
      if (!(step.kind == Step::Kind::kSelf ? pins : others)) {
        continue;
      }
      error = perform(step);
      if (error < 0 && step.optional) {
        error = 0;
      }
      if (error < 0) {
        result_.where = static_cast<int>(i);
      }
    }
    return error;
  }

  /// The private tmpfs over the staging place, and in it the place of the new root. (Where that
  /// is "/": paths begin at the old root, below the tmpfs, and only "/.." leads into it.)
  OAP_AFTER_FORK long begin() {
    const kernel::MountAttributes apart{0, 0, kernel::kPrivate, 0};
    if (const long error = raw::call(kernel::kMountSetattr, AT_FDCWD, "/", kernel::kRecursive,
                                     &apart, sizeof apart);
        error < 0) {
      return error;
    }
    const Option options[] = {{"size", plan_.scratch_options}, {"mode", "0755"}};
    scratch_ = new_filesystem("tmpfs", options, 2, kTmpfsAttributes);
    if (scratch_ < 0) {
      return scratch_;
    }
    // The host's tree without the tmpfs on it.
    root_ = plan_.host_root ? open_tree(AT_FDCWD, "/", kClone) : -1;
    if (const long error = move_mount(scratch_, AT_FDCWD, plan_.staging); error < 0) {
      return error;
    }
    raw::call(SYS_mkdirat, scratch_, "root", 0755);
    raw::call(SYS_mkdirat, scratch_, "empty", 0555);
    raw::call(SYS_mkdirat, scratch_, "scratch", 0755);
    raw::call(SYS_mknodat, scratch_, "closed", S_IFSOCK, 0);
    if (!plan_.host_root) {
      root_ = open_tree(scratch_, "root", kClone);
    }
    if (root_ < 0) {
      return root_;
    }
    if (plan_.host_root) {
      const kernel::MountAttributes fixed{kernel::kReadOnly | kernel::kNoSuid, 0, 0, 0};
      if (const long error = set_attributes(root_, fixed); error < 0) {
        return error;
      }
    }
    return move_mount(root_, scratch_, "root");
  }

  OAP_AFTER_FORK long perform(const Step& step) {
    switch (step.kind) {
      case Step::Kind::kDirectory:
        return exists_or(raw::call(SYS_mkdirat, root_, step.to, step.mode), step);
      case Step::Kind::kFile:
        return exists_or(raw::call(SYS_mknodat, root_, step.to, S_IFREG | step.mode, 0), step);
      case Step::Kind::kLink:
        return exists_or(raw::call(SYS_symlinkat, step.from, root_, step.to), step);
      case Step::Kind::kNode:
        return node(step);
      case Step::Kind::kBind:
        return bind(step);
      case Step::Kind::kScratch:
        raw::call(SYS_mkdirat, scratch_, step.from, step.mode);
        raw::call(SYS_fchmodat, scratch_, step.from, step.mode);
        return attach(open_tree(scratch_, step.from, kClone), step);
      case Step::Kind::kSelf:
        return attach(open_tree(root_, step.to, kClone | kernel::kNoFollow), step);
      case Step::Kind::kHide:
        return hide(step);
      case Step::Kind::kText:
        return text(step);
      case Step::Kind::kProc:
        return proc(step);
      case Step::Kind::kTerminals:
        return terminals(step);
      case Step::Kind::kOverlay:
        return overlay(step);
      case Step::Kind::kDiscard:
        return discard(step);
    }
    return -EINVAL;
  }

  /// The place may be there already, also where the file system around it is read-only.
  OAP_AFTER_FORK long exists_or(long answer, const Step& step) const {
    if (answer == 0 || answer == -EEXIST) {
      return 0;
    }
    return raw::call(SYS_faccessat, root_, step.to, 0) == 0 ? 0 : answer;
  }

  OAP_AFTER_FORK long node(const Step& step) {
    if (plan_.privileged) {
      const long made = raw::call(SYS_mknodat, root_, step.to, S_IFCHR | step.mode, step.device);
      if (made == 0) {
        return raw::call(SYS_fchmodat, root_, step.to, step.mode);
      }
    }
    raw::call(SYS_mknodat, root_, step.to, S_IFREG | 0600, 0);
    return attach(open_tree(AT_FDCWD, step.from, kClone), step);
  }

  /// A writable place is opened without following links: another child that may write around it
  /// could have put one there since it was looked at.
  OAP_AFTER_FORK long bind(const Step& step) {
    if (!step.idmapped && !step.plain) {
      return attach(open_tree(AT_FDCWD, step.from, kClone), step);
    }
    const int tree = plain_tree(step);
    return tree < 0 ? tree : attach_ready(tree, step);
  }

  /// A copy of the host's mount, with its attributes.
  OAP_AFTER_FORK int plain_tree(const Step& step) {
    const int from = open_plain(step.from, O_PATH);
    if (from < 0) {
      return from;
    }
    const int tree = step.idmapped ? mapped_tree(from, step) : plain_tree(from, step);
    raw::close(from);
    return tree;
  }

  OAP_AFTER_FORK static int plain_tree(int from, const Step& step) {
    const int tree = open_tree(from, "", kClone | kernel::kEmptyPath);
    const kernel::MountAttributes wanted{step.attributes, 0, 0, 0};
    const long error = tree < 0 ? tree : set_attributes(tree, wanted);
    if (error < 0) {
      raw::close(tree);
      return static_cast<int>(error);
    }
    return tree;
  }

  OAP_AFTER_FORK int mapped_tree(int from, const Step& step) {
    if (plan_.idmap >= 0 && !no_idmap_) {
      kernel::MountAttributes mapped{step.attributes | kernel::kIdmap, 0, 0,
                                     static_cast<std::uint64_t>(plan_.idmap)};
      for (const unsigned depth : {kernel::kRecursive, 0U}) {
        const int tree = open_tree(
            from, "", kernel::kOpenTreeClone | kernel::kCloexec | kernel::kEmptyPath | depth);
        if (tree >= 0 && set_attributes(tree, mapped, depth != 0) == 0) {
          result_.idmapped = true;
          return tree;
        }
        raw::close(tree);
      }
      no_idmap_ = !result_.idmapped;
    }
    return plain_tree(from, step);
  }

  /// What is not there in this root, or not any more, need not be hidden.
  OAP_AFTER_FORK long hide(const Step& step) {
    const long error =
        attach(open_tree(scratch_, step.directory ? "empty" : "closed", kClone), step);
    return error == -ENOENT ? 0 : error;
  }

  OAP_AFTER_FORK long attach(int tree, const Step& step) {
    if (tree < 0) {
      return tree;
    }
    if (step.attributes != 0) {
      const kernel::MountAttributes wanted{step.attributes, 0, 0, 0};
      if (const long error = set_attributes(tree, wanted, !step.shallow); error < 0) {
        raw::close(tree);
        return error;
      }
    }
    return attach_ready(tree, step);
  }

  OAP_AFTER_FORK long attach_ready(int tree, const Step& step) {
    const long error = move_mount(tree, root_, step.to);
    raw::close(tree);
    return error;
  }

  /// A small file of our own in the place of the host's.
  OAP_AFTER_FORK long text(const Step& step) {
    const auto fd = static_cast<int>(
        raw::call(SYS_openat, scratch_, "text", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (fd < 0) {
      return fd;
    }
    raw::write(fd, step.from, raw::length(step.from));
    raw::call(SYS_fchmod, fd, 0644);
    raw::close(fd);
    const int tree = open_tree(scratch_, "text", kClone);
    const long error = attach(tree, step);
    raw::call(SYS_unlinkat, scratch_, "text", 0);
    return error;
  }

  OAP_AFTER_FORK long proc(const Step& step) {
    const Option options[] = {{"hidepid", "invisible"}};
    return attach(new_filesystem("proc", options, 1, step.attributes), step);
  }

  OAP_AFTER_FORK long terminals(const Step& step) {
    const Option options[] = {{"ptmxmode", "0666"}, {"mode", "0600"}};
    return attach(new_filesystem("devpts", options, 2, step.attributes), step);
  }

  /// `from` is its own place and read through; the changes go to the private tmpfs. An empty
  /// directory where the kernel does not lay one over it.
  OAP_AFTER_FORK long overlay(const Step& step) {
    raw::call(SYS_mkdirat, scratch_, "upper", 01777);
    raw::call(SYS_fchmodat, scratch_, "upper", 01777);
    raw::call(SYS_mkdirat, scratch_, "work", 0755);
    const Option options[] = {{"lowerdir", step.from},
                              {"upperdir", plan_.overlay_upper},
                              {"workdir", plan_.overlay_work},
                              {"userxattr", nullptr}};
    const int mount = new_filesystem("overlay", options, plan_.privileged ? 3 : 4, step.attributes);
    if (mount >= 0) {
      return attach(mount, step);
    }
    raw::call(SYS_mkdirat, scratch_, "plain", 01777);
    raw::call(SYS_fchmodat, scratch_, "plain", 01777);
    return attach(open_tree(scratch_, "plain", kClone), step);
  }

  /// The workspace below a layer of the program's own in the private tmpfs. The place of the lower
  /// one has a name of ours, for in an option's text that of the workspace could mean something.
  OAP_AFTER_FORK long discard(const Step& step) {
    raw::call(SYS_mkdirat, scratch_, "lower", 0755);
    const int tree = plain_tree(step);
    long error = tree < 0 ? tree : move_mount(tree, scratch_, "lower");
    const int layer = error < 0 ? static_cast<int>(error) : layer_on(tree);
    if (layer >= 0) {
      result_.upper = raw::open_at(scratch_, "upper", O_RDONLY | O_DIRECTORY);
      error = attach_ready(layer, step);
    } else if (error == 0) {
      error = move_mount(tree, root_, step.to);
    }
    raw::close(tree);
    return error;
  }

  OAP_AFTER_FORK int layer_on(int tree) {
    struct stat top{};
    if (const long error = raw::call(SYS_fstat, tree, &top); error < 0) {
      return static_cast<int>(error);
    }
    raw::call(SYS_mkdirat, scratch_, "work", 0755);
    raw::call(SYS_mkdirat, scratch_, "upper", 0700);
    if (plan_.privileged) {
      const bool as_owner = plan_.needs_idmap && !result_.idmapped;
      raw::call(SYS_fchownat, scratch_, "upper", as_owner ? plan_.owner : plan_.uid,
                as_owner ? plan_.owner_group : plan_.gid, AT_SYMLINK_NOFOLLOW);
    }
    raw::call(SYS_fchmodat, scratch_, "upper", top.st_mode & 07777U);
    const Option options[] = {{"lowerdir", plan_.overlay_lower},
                              {"upperdir", plan_.overlay_upper},
                              {"workdir", plan_.overlay_work},
                              {"userxattr", nullptr}};
    return new_filesystem("overlay", options, plan_.privileged ? 3 : 4,
                          kernel::kNoSuid | kernel::kNoDevices);
  }

  OAP_AFTER_FORK long seal() {
    const kernel::MountAttributes fixed{kernel::kReadOnly, 0, 0, 0};
    return plan_.host_root ? 0 : set_attributes(root_, fixed, false);
  }

  OAP_AFTER_FORK long leave() {
    if (const long error = raw::call(SYS_fchdir, root_); error < 0) {
      return error;
    }
    if (const long error = raw::call(SYS_pivot_root, ".", "."); error < 0) {
      return error;
    }
    // Over the new root lies the old one, and on that, where it is the staging place, the tmpfs.
    const bool two = plan_.staging[1] == '\0';
    for (int i = 0; i < (two ? 2 : 1); ++i) {
      if (const long error = raw::call(SYS_umount2, ".", MNT_DETACH); error < 0) {
        return error;
      }
    }
    return raw::call(SYS_chdir, "/");
  }

  /// "/" and "/.." are one place: nothing lies over or under the new root.
  OAP_AFTER_FORK long verify() const {
    constexpr unsigned kWanted = STATX_INO | kernel::kStatxMountId;
    struct statx here{};
    struct statx above{};
    struct statx meant{};
    if (raw::call(SYS_statx, AT_FDCWD, "/", 0, kWanted, &here) != 0 ||
        raw::call(SYS_statx, AT_FDCWD, "/..", 0, kWanted, &above) != 0 ||
        raw::call(SYS_statx, root_, "", kernel::kEmptyPath, kWanted, &meant) != 0) {
      return -ENOENT;
    }
    const bool same = here.stx_ino == above.stx_ino && here.stx_ino == meant.stx_ino &&
                      here.stx_mnt_id == above.stx_mnt_id && here.stx_mnt_id == meant.stx_mnt_id;
    return same ? 0 : -EXDEV;
  }

  const LaunchPlan& plan_;
  RootGate& gate_;
  RootResult result_;
  int scratch_ = -1;
  int root_ = -1;
  bool no_idmap_ = false;
};

}  // namespace

OAP_AFTER_FORK RootResult enter_private_root(const LaunchPlan& plan, RootGate& gate) {
  return Builder(plan, gate).run();
}

}  // namespace oap::sandbox
