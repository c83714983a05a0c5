#pragma once

#include <cstddef>

namespace oap::sandbox {

/// Lines that say what was found when a child had ended; where there is no room for all, the last
/// line says how many more there are. System calls only.
class Findings {
 public:
  /// `name` in the folder `path`; null: the folder itself. `held`: its name is another one now.
  /// `open` says what follows where it is not held.
  void add(const char* path, const char* name, const char* why, bool held,
           const char* open = " and lets git run it");
  /// All lines, each with its end; nothing may be added afterwards.
  const char* finish(std::size_t& size);

 private:
  static constexpr std::size_t kForCount = 96;  ///< of the room, for the last line

  bool append(const char* text, std::size_t length, std::size_t room);

  char text_[3072] = {};
  std::size_t size_ = 0;
  unsigned left_out_ = 0;
};

/// The end of a file's name that was set aside.
inline constexpr char kHeld[] = ".held-by-oap";

/// Gives a file in an open directory a name that ends in kHeld and that nothing has yet. A
/// directory that its owner may not write is opened for him first. False: it has kept its name.
bool set_aside(int directory, const char* name);

}  // namespace oap::sandbox
