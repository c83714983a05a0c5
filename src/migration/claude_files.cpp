#include <fmt/format.h>

#include "json/parse.hpp"
#include "migration/claude_settings.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostSettings = 4U << 20U;
constexpr std::size_t kMostDepth = 64;

/// Takes one file's text into the list, or says what is wrong with it.
void take(Layer layer, const std::string& file, const Result<std::string>& text,
          std::vector<SettingsFile>& out, std::vector<std::string>& errors) {
  if (!text) {
    errors.push_back(fmt::format("{}: {}", file, text.error().message()));
    return;
  }
  if (text::trim(*text).empty()) {
    return;
  }
  auto value = json::parse_object(*text, {kMostDepth, kMostSettings});
  if (!value) {
    errors.push_back(fmt::format("{}: {}", file, value.error().message()));
    return;
  }
  SettingsFile one{layer, file, *std::move(value), {}};
  if (auto lines = yaml::parse(*text, file)) {
    one.lines = *std::move(lines);
    one.lines.value = nullptr;
  }
  out.push_back(std::move(one));
}

void take_managed(const std::string& dir, std::vector<SettingsFile>& out,
                  std::vector<std::string>& errors) {
  const auto add = [&](const std::string& path) {
    if (os::exists(path)) {
      take(Layer::kManaged, path, os::read_file(path, kMostSettings), out, errors);
    }
  };
  add(dir + "/managed-settings.json");
  const std::string drop_in = dir + "/managed-settings.d";
  if (!os::is_directory(drop_in)) {
    return;
  }
  if (const auto names = os::list_dir(drop_in)) {
    for (const std::string& name : *names) {
      if (name.ends_with(".json") && !name.starts_with('.')) {
        add(drop_in + "/" + name);
      }
    }
  }
}

}  // namespace

std::string SettingsFile::where(std::string_view pointer) const {
  return lines.lines.empty() ? file : lines.where(pointer);
}

std::vector<SettingsFile> read_settings(const Tree& source, const ClaudePlaces& places,
                                        std::vector<std::string>& errors) {
  std::vector<SettingsFile> out;
  if (!places.managed_dir.empty()) {
    take_managed(places.managed_dir, out, errors);
  }
  if (places.project) {
    for (const auto& [layer, name] : {std::pair(Layer::kLocal, ".claude/settings.local.json"),
                                      std::pair(Layer::kProject, ".claude/settings.json")}) {
      const auto real = source.resolve(name);
      if (!real || source.kind(*real) != Kind::kAbsent) {
        const auto text = source.read(name, kMostSettings);
        take(layer, name,
             text ? Result<std::string>(text->text) : Result<std::string>(fail(text.error())), out,
             errors);
      }
    }
  }
  const std::string user = places.user_dir + "/settings.json";
  if (!places.user_dir.empty() && os::exists(user)) {
    take(Layer::kUser, user, os::read_file(user, kMostSettings), out, errors);
  }
  return out;
}

}  // namespace oap::migration
