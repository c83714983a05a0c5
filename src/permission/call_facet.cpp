#include "permission/call_facet.hpp"

#include <algorithm>

#include "permission/programs.hpp"

namespace oap::permission {
namespace {

using shell::SimpleCommand;
using shell::WordKind;

constexpr std::size_t kMaxStrictTexts = 8;

std::string join_from(const std::vector<std::string>& words, std::string_view first,
                      std::size_t from) {
  std::string out(first);
  for (std::size_t i = from; i < words.size(); ++i) {
    out += ' ';
    out += words[i];
  }
  return out;
}

/// Options before a subcommand must not hide it from a rule that forbids it.
void add_strict_texts(CommandFacet& facet) {
  if (facet.program != facet.name) {
    facet.strict_texts.push_back(join_from(facet.argv, facet.name, 1));
  }
  for (std::size_t i = 1; i + 1 < facet.argv.size() && facet.strict_texts.size() < kMaxStrictTexts;
       ++i) {
    const bool option = facet.argv[i].starts_with('-');
    const bool value = i > 1 && facet.argv[i - 1].starts_with('-');
    if (!option && !value) {
      break;
    }
    facet.strict_texts.push_back(join_from(facet.argv, facet.name, i + 1));
  }
}

}  // namespace

CommandFacet call_facet(const SimpleCommand& command) {
  const std::string& word = command.argv.front();
  CommandFacet facet;
  facet.argv = command.argv;
  if (shell::base_name(word) == "git") {
    while (facet.argv.size() > 1 && (facet.argv[1] == "--no-pager" || facet.argv[1] == "-P") &&
           command.kinds[1] == WordKind::kStatic) {
      facet.argv.erase(facet.argv.begin() + 1);
    }
  }
  const std::size_t dropped = command.argv.size() - facet.argv.size();
  while (facet.known_words < command.kinds.size() &&
         command.kinds[facet.known_words] == WordKind::kStatic) {
    ++facet.known_words;
  }
  facet.known_words -= std::min(dropped, facet.known_words);
  facet.name = shell::base_name(word);
  const std::size_t slash = word.rfind('/');
  const bool plain = slash == std::string::npos;
  const bool trusted = plain || is_trusted_directory(std::string_view(word).substr(0, slash));
  facet.program = trusted ? facet.name : word;
  facet.text = join_from(facet.argv, facet.program, 1);
  if (dropped != 0) {
    facet.more_texts.push_back(join_from(command.argv, facet.program, 1));
  }
  if (!plain && trusted) {
    facet.more_texts.push_back(join_from(command.argv, word, 1));
  }
  add_strict_texts(facet);
  facet.shown = shell::render(command);
  return facet;
}

}  // namespace oap::permission
