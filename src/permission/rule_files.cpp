#include "permission/rule_files.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include "yaml/yaml.hpp"

namespace oap::permission {
namespace {

/// Shorter files are read as fast as they are compared.
constexpr std::size_t kLeastKept = 64U << 10U;
constexpr std::size_t kMostKept = 8U << 20U;

struct Kept {
  std::string text;
  std::string file;
  Tier tier = Tier::kUser;
  std::vector<std::string> known_tools;
  RuleFile rules;
};

struct Shelf {
  std::mutex mutex;
  std::array<std::shared_ptr<const Kept>, 2> kept;
  std::size_t next = 0;
};

Shelf& shelf() {
  static Shelf kShelf;
  return kShelf;
}

}  // namespace

Result<RuleFile> rules_of_text(const std::string& text, const std::string& file, Tier tier,
                               const std::vector<std::string>& known_tools) {
  const bool keeps = text.size() >= kLeastKept && text.size() <= kMostKept;
  if (keeps) {
    const std::lock_guard lock(shelf().mutex);
    for (const auto& one : shelf().kept) {
      if (one != nullptr && one->tier == tier && one->file == file && one->text == text &&
          one->known_tools == known_tools) {
        return one->rules;
      }
    }
  }
  OAP_TRY(const yaml::Document document, yaml::parse(text, file));
  OAP_TRY(RuleFile rules, read_rules(document, tier, known_tools));
  if (keeps) {
    auto kept = std::make_shared<const Kept>(Kept{text, file, tier, known_tools, rules});
    const std::lock_guard lock(shelf().mutex);
    shelf().kept.at(shelf().next) = std::move(kept);
    shelf().next = (shelf().next + 1) % shelf().kept.size();
  }
  return rules;
}

}  // namespace oap::permission
