#include "cli/wrong_word.hpp"

#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kMostShown = 100;
constexpr std::string_view kMore = "\nRun with --help or --help-all for more information.\n";

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(sub->get_name());
  }
  return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

std::string unknown(const CLI::App& app, const std::string& path, const std::string& word) {
  const std::string shown(text::truncate_utf8(word, kMostShown));
  if (word.starts_with('-')) {
    const std::string name = word.substr(0, word.find('='));
    return fmt::format("{}: there is no option '{}'{}", path, shown,
                       text::did_you_mean(name, options_of(app)));
  }
  const std::vector<std::string> commands = commands_of(app);
  if (commands.empty()) {
    return "";
  }
  const std::string hint = text::did_you_mean(word, commands);
  return fmt::format("{}: there is no command '{}'{}", path, shown,
                     hint.empty() ? "; there are " + text::join(commands, ", ") : hint);
}

}  // namespace

std::string wrong_word(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* at = &app;
  std::string path = app.get_name();
  while (at->remaining().empty() && !at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    path += " " + at->get_name();
  }
  const bool extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  const bool group = at->get_require_subcommand_min() > 0 && at->get_subcommands().empty();
  if (!at->remaining().empty() && (extra || group)) {
    const std::string told = unknown(*at, path, at->remaining().front());
    return told.empty() ? told : told + std::string(kMore);
  }
  const bool lacks = group && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  return lacks ? fmt::format("{}: say which: {}{}", path, text::join(commands_of(*at), ", "), kMore)
               : "";
}

}  // namespace oap::cli
