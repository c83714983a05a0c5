#pragma once

#include <cstddef>

namespace oap::sandbox {

/// What lies on the upper layer of a workspace whose changes do not stay, as one sentence:
/// "12 changes: a, b/c, d (removed) and 9 more". System calls only.
class Dropped {
 public:
  /// `upper`: the layer's folder, open; -1: there is none. `workspace` is what lies below it.
  void look(int upper, const char* workspace);
  /// Empty where nothing was changed. Git's index is none: who asks for the state writes it.
  const char* finish(std::size_t& size);

 private:
  static constexpr unsigned kNamed = 5;
  static constexpr unsigned kMost = 100'000;
  static constexpr int kDeepest = 64;

  struct Place {
    int upper;         ///< the folder on the layer
    int lower;         ///< the same in the workspace; -1: it is new
    const char* path;  ///< relative, "" or with a slash at its end
    int depth;
  };
  void folder(const Place& place);
  void entry(const Place& place, const char* name);
  void below(const Place& place, const char* name, bool changed);
  void note(const char* path, const char* name, bool removed);
  void add(const char* text);

  char names_[2048] = {};
  std::size_t size_ = 0;
  char text_[2304] = {};
  unsigned count_ = 0;
  unsigned named_ = 0;
};

}  // namespace oap::sandbox
