#pragma once

#include <cstddef>
#include <cstdint>

namespace oap::sandbox {

/// What of a git configuration may run a program, or lead to more configuration.
struct ConfigRisk {
  std::uint64_t sum = 0;  ///< 0: nothing; the same sum: the same risky entries in any order
  char first[96] = {};    ///< the first risky entry ("core.fsmonitor"), or why it cannot be read
};

/// Judges a git configuration file's text by a list of entries that are known to run nothing; every
/// other one is risky, and so is a text in a form that is not the plain one which git writes itself
/// (so that git cannot read it in another way). Pure; takes no memory, safe after a fork. Source:
/// git-config(1).
ConfigRisk risk_of_config(const char* text, std::size_t size);

/// One entry of a configuration. Not terminated by NUL; names as they are written.
struct ConfigEntry {
  const char* section = nullptr;
  std::size_t section_size = 0;
  const char* name = nullptr;  ///< of `[section "name"]`, with its escapes; null: none
  std::size_t name_size = 0;
  const char* key = nullptr;
  std::size_t key_size = 0;
  const char* value = nullptr;  ///< null: the key stands alone, which means true
  std::size_t value_size = 0;
};

/// Whether the entry is on the list of those that run nothing and lead to no more configuration,
/// with a value that does neither. Pure; safe after a fork. Source: git-config(1).
bool is_harmless(const ConfigEntry& entry);

/// Reads one entry after the other out of a text in the plain form. Safe after a fork.
class ConfigReader {
 public:
  ConfigReader(const char* text, std::size_t size);
  /// False at the end, and where the text is not in the plain form (then broken()).
  bool next(ConfigEntry& entry);
  bool broken() const { return broken_; }

 private:
  bool read_header(const char* line, std::size_t size);
  bool read_entry(const char* line, std::size_t size, ConfigEntry& entry);

  const char* text_;
  std::size_t size_;
  std::size_t at_ = 0;
  bool broken_ = false;
  ConfigEntry header_;
};

}  // namespace oap::sandbox
