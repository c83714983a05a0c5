#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::migration {

/// What a name in a tree is, the name itself and not what a link leads to.
enum class Kind : std::uint8_t { kAbsent, kFile, kDirectory, kLink, kOther };

struct Entry {
  std::string name;
  Kind kind = Kind::kAbsent;
};

struct FileText {
  std::string text;
  bool executable = false;
};

/// A directory tree that a stranger may have made. Every path is relative, without "." and "..",
/// and is walked component by component from an open directory with O_NOFOLLOW, so that no symbolic
/// link, however it is swapped in, leads anywhere else. Owns its descriptor; not thread-safe.
class Tree {
 public:
  /// The root itself may be a link: the person named it. kInvalidArgument where it is no directory.
  static Result<Tree> open(const std::string& root);

  /// From now on a name that begins a path stands for the root itself: "x/a" is "a". For a folder
  /// that lies elsewhere under another name.
  void stand_for(std::string name) { stands_for_ = std::move(name); }

  const std::string& root() const { return root_; }  ///< canonical

  Kind kind(const std::string& path) const;
  /// A regular file. Links inside the tree that stay inside it are followed; one that leaves it, a
  /// loop, a FIFO, a socket, a device and a directory are kInvalidArgument, a file of more than
  /// max_bytes kResourceExhausted; each names the path.
  Result<FileText> read(const std::string& path, std::size_t max_bytes) const;
  /// Names and kinds, sorted; follows links as read() does. kResourceExhausted beyond 10,000.
  Result<std::vector<Entry>> list(const std::string& path) const;
  /// Where `path` is once the links in it are followed, still relative to the root; "" is the root.
  Result<std::string> resolve(const std::string& path) const;
  /// What a link says.
  Result<std::string> link_text(const std::string& path) const;

  // Writing never follows a link: one in the way is kFailedPrecondition that names it.

  /// Creates missing directories; those that it made are appended, outer first.
  Result<void> make_dirs(const std::string& path, std::vector<std::string>& made) const;
  /// In one step and durably; `replace` false fails with kAlreadyExists where anything is there.
  Result<void> write(const std::string& path, std::string_view text, int mode, bool replace) const;
  Result<void> make_link(const std::string& path, const std::string& to) const;
  Result<void> remove(const std::string& path) const;
  /// False where it is not empty.
  Result<bool> remove_dir(const std::string& path) const;

 private:
  Tree(os::UniqueFd fd, std::string root) : fd_(std::move(fd)), root_(std::move(root)) {}
  std::string_view local(std::string_view path) const;
  Result<os::UniqueFd> open_dir(std::string_view path) const;
  /// The open directory that holds the path's last component.
  Result<std::pair<os::UniqueFd, std::string>> parent(const std::string& path) const;

  os::UniqueFd fd_;
  std::string root_;
  std::string stands_for_;
};

/// A path as Tree wants it: no empty, "." or ".." component left; kInvalidArgument where it leaves
/// its root. Pure.
Result<std::string> inside(std::string_view path);

}  // namespace oap::migration
