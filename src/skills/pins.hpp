#pragma once

#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::skills {

/// What a person, or the first sight in a trusted folder, accepted: one skill with all its bytes.
struct Pin {
  std::string digest;
  std::string source;  ///< where it came from; empty: it was found here
  std::string commit;
  std::string by;  ///< "person", "first sight", "operator" (a trusted source), "agent"
  std::string at;  ///< UTC
};

/// The pins of one scope, by the skill's folder (absolute). One JSON file, 0600, written in one
/// step under a lock; who cannot read it trusts nothing (kDataLoss names the file).
struct Pins {
  bool seen = false;  ///< the folder's skills were accepted as they stood; later ones need trust
  std::map<std::string, Pin> by_folder;
};

Result<Pins> read_pins(const std::string& file);

/// Reads, changes and writes under the file's lock.
template <class Change>
Result<void> change_pins(const std::string& file, Change change);

/// The steps of change_pins. `lock` is a path beside the file.
Result<void> write_pins(const std::string& file, const Pins& pins);

}  // namespace oap::skills

#include "os/lock.hpp"

namespace oap::skills {

template <class Change>
Result<void> change_pins(const std::string& file, Change change) {
  constexpr Millis kPatience{5'000};
  OAP_TRY([[maybe_unused]] const os::FileLock lock,
          os::FileLock::acquire(file + ".lock", Deadline::after(kPatience)));
  OAP_TRY(Pins pins, read_pins(file));
  change(pins);
  return write_pins(file, pins);
}

}  // namespace oap::skills
