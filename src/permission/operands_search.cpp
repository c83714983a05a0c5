#include <algorithm>

#include "permission/operand_collector.hpp"

namespace oap::permission {
namespace {

using shell::WordKind;

/// How a search program takes its own options. Sources: the manuals of grep 3.8, ripgrep 13, ag,
/// gawk 5.2, jq 1.6.
struct SearchForm {
  std::string_view programs;
  std::string_view values;  ///< short options with a value
  std::string_view given;   ///< those of them that give the pattern or program
  std::string_view longs;   ///< long options whose value may be the next word
};
constexpr SearchForm kForms[] = {
    {" grep egrep fgrep zgrep ", "efmABCdD", "ef",
     " --include --exclude --exclude-dir --exclude-from --regexp --file --max-count "
     "--after-context "
     "--before-context --context --label --binary-files --directories --devices "},
    {" rg ", "efgjmMtTrEdABC", "ef",
     " --regexp --file --glob --iglob --type --type-not --type-add --type-clear --max-count "
     "--max-depth --max-columns --max-filesize --after-context --before-context --context "
     "--replace "
     "--threads --sort --sortr --encoding --colors --color --ignore-file --pre --pre-glob --engine "
     "--dfa-size-limit --regex-size-limit "},
    {" ag ack ", "ABCGgmpW", "", " --ignore --ignore-dir --ignore-file --type-add --type-set "},
    {" awk gawk mawk ", "Fvf", "f", " --assign --field-separator --file "},
    {" jq ", "fL", "f", " --from-file --indent "},
};

const SearchForm* form_of(std::string_view program) {
  const auto found =
      std::find_if(std::begin(kForms), std::end(kForms),
                   [&](const SearchForm& form) { return Words::listed(form.programs, program); });
  return found == std::end(kForms) ? nullptr : found;
}

/// The names of files of a ripgrep type; "" where it is not known here.
std::string_view names_of_type(std::string_view type) {
  struct Type {
    std::string_view type;
    std::string_view glob;
  };
  static constexpr Type kTypes[] = {{"py", "*.py"},     {"js", "*.js"},     {"ts", "*.ts"},
                                    {"rust", "*.rs"},   {"go", "*.go"},     {"c", "*.c"},
                                    {"cpp", "*.cpp"},   {"java", "*.java"}, {"md", "*.md"},
                                    {"json", "*.json"}, {"yaml", "*.yaml"}, {"sh", "*.sh"},
                                    {"html", "*.html"}, {"css", "*.css"},   {"ruby", "*.rb"},
                                    {"toml", "*.toml"}, {"sql", "*.sql"},   {"php", "*.php"}};
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const Type& one) { return one.type == type; });
  return found == std::end(kTypes) ? std::string_view() : found->glob;
}

/// `-d recurse`, `--directories=recurse`.
bool recurses_by_value(const Words& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const bool behind = word == "recurse" && words[i - 1].starts_with('-');
    if (behind || (word.starts_with('-') && word.ends_with("recurse"))) {
      return true;
    }
  }
  return false;
}

/// ripgrep and ag pass over hidden files unless they are told not to.
bool skips_hidden_files(const Words& words) {
  if (!words.is({"rg", "ag"})) {
    return false;
  }
  std::size_t unrestricted = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const bool group = word.size() > 1 && word[0] == '-' && word[1] != '-';
    if (word.starts_with("--hid") || word == "-." || (group && word.find('.') != word.npos) ||
        (words.is({"ag"}) && group && word.find_first_of("au") != word.npos)) {
      return false;
    }
    unrestricted += word.starts_with("--unres") ? 1 : 0;
    unrestricted += group ? static_cast<std::size_t>(std::count(word.begin(), word.end(), 'u')) : 0;
  }
  return unrestricted < 2;
}

}  // namespace

/// Takes the options with their values; true where one gives the pattern or the program.
bool OperandCollector::take_search_options() {
  const SearchForm* form = form_of(words_.program());
  bool given = false;
  bool everything = false;
  for (std::size_t i = 1; form != nullptr && i < words_.size(); ++i) {
    const std::string_view word = words_[i];
    if (word == "--") {
      break;
    }
    if (taken_[i] || word.size() < 2 || word[0] != '-') {
      continue;
    }
    std::string_view value;
    char letter = ' ';
    if (word[1] == '-') {
      const std::size_t equals = word.find('=');
      const std::string_view name = word.substr(0, equals);
      const bool pairs = words_.is({"jq"}) && Words::one_of(name, {"--arg", "--argjson"});
      if (pairs || Words::one_of(name, {"--slurpfile", "--rawfile"})) {
        for (std::size_t n = i + 1; n < std::min(words_.size(), i + 3); ++n) {
          taken_[n] = true;
        }
        if (!pairs && i + 2 < words_.size()) {
          add(i + 2, Action::kRead, false);
        }
        continue;
      }
      if (!Words::listed(form->longs, name)) {
        continue;
      }
      given = given || Words::one_of(name, {"--regexp", "--file", "--from-file"});
      letter = Words::one_of(name, {"--include", "--glob"}) ? 'g' : (name == "--type" ? 't' : ' ');
      value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
      if (equals == std::string_view::npos && i + 1 < words_.size()) {
        value = words_[i + 1];
        taken_[i + 1] = true;
      }
    } else {
      const std::size_t at = word.find_first_of(form->values, 1);
      if (at == std::string_view::npos) {
        continue;
      }
      letter = word[at];
      given = given || form->given.find(letter) != std::string_view::npos;
      value = word.substr(at + 1);
      if (value.empty() && i + 1 < words_.size()) {
        value = words_[i + 1];
        taken_[i + 1] = true;
      }
    }
    const bool rg = words_.is({"rg"});
    if (letter == 'g' && !words_.is({"ag", "ack"}) && !value.starts_with('!')) {
      only_.emplace_back(value.substr(value.rfind('/') + 1));
    } else if (letter == 't' && rg) {
      const std::string_view names = names_of_type(value);
      everything = everything || names.empty();
      only_.emplace_back(names);
    }
  }
  if (everything) {
    only_.clear();
  }
  return given;
}

void OperandCollector::searches() {
  const bool program = words_.is({"awk", "gawk", "mawk", "jq"});
  const bool lists = words_.is({"rg"}) && words_.any_word({"--files", "--type-list"});
  if (!take_search_options() && !lists) {
    without_first();
  }
  const bool grep = words_.is({"grep", "egrep", "fgrep", "zgrep"});
  const bool tree =
      !program && (!grep || words_.any_short("rR") || words_.any_prefix({"--rec", "--deref"}) ||
                   recurses_by_value(words_));
  const std::size_t before = out_.size();
  if (tree && operands().empty()) {
    add(".", WordKind::kStatic, Action::kRead, true);
  }
  all(Action::kRead, tree);
  const bool skips = skips_hidden_files(words_);
  const bool skips_links =
      (grep && !words_.any_short("R") && !words_.any_prefix({"--deref"})) ||
      (words_.is({"rg"}) && !words_.any_short("L") && !words_.any_prefix({"--fol"})) ||
      (words_.is({"ag"}) && !words_.any_short("f") && !words_.any_prefix({"--fol"}));
  for (std::size_t i = before; tree && i < out_.size(); ++i) {
    out_[i].only = only_;
    out_[i].skips_hidden = skips;
    out_[i].skips_links = skips_links;
  }
  unknown_rest(Action::kRead, false);
}

void OperandCollector::find() {
  const bool deletes = words_.any_word({"-delete"});
  bool start = true;
  bool any = false;
  const std::size_t before = out_.size();
  std::vector<std::string> only;
  for (std::size_t i = 1; i < words_.size(); ++i) {
    const std::string_view word = words_[i];
    start = start && !word.starts_with('-') && word != "(" && word != "!";
    if (start) {
      any = true;
      add(i, deletes ? Action::kDelete : Action::kRead, deletes);
    } else if (word == "-name" && i + 1 < words_.size()) {
      only.emplace_back(words_[i + 1]);
    }
  }
  if (!any) {
    add(".", WordKind::kStatic, deletes ? Action::kDelete : Action::kRead, deletes);
  }
  const bool plain = only.size() == 1 && !words_.any_word({"-o", "-or", "!", "-not", ",", "(", ")",
                                                           "-prune", "-files0-from"});
  for (std::size_t i = before; plain && i < out_.size(); ++i) {
    out_[i].only = only;
  }
}

std::optional<std::vector<FileOperand>> names_given_by(const shell::SimpleCommand& command,
                                                       bool finds) {
  if (command.argv.empty() || command.dynamic || command.possible) {
    return std::nullopt;
  }
  const Words words(command);
  std::vector<FileOperand> out;
  const auto whole = [&](bool hidden) {
    FileOperand tree;
    tree.path = ".";
    tree.tree = true;
    tree.skips_hidden = !hidden;
    return tree;
  };
  if (words.is({"find"}) && words.any_word({"-files0-from"})) {
    return std::nullopt;
  }
  if (words.is({"find"})) {
    if (!finds && words.any_word({"-printf", "-fprintf", "-exec", "-execdir", "-ok", "-okdir"})) {
      return std::nullopt;
    }
    for (FileOperand& one : file_operands(command)) {
      one.access = Action::kRead;
      one.tree = true;
      out.push_back(std::move(one));
    }
    const bool exact =
        std::all_of(out.begin(), out.end(), [](const auto& one) { return one.exact; });
    return exact ? std::optional(std::move(out)) : std::nullopt;
  }
  if (words.is({"ls"})) {
    out.push_back(whole(words.any_short("aAf") || words.any_prefix({"--a"})));
    return out;
  }
  if (words.is({"grep", "egrep", "fgrep", "rg"}) &&
      (words.any_short("lL") || words.any_prefix({"--files"})) && !words.any_prefix({"--lab"})) {
    return out;
  }
  if (words.is({"git"}) && words.size() > 1 &&
      (words[1] == "ls-files" || (words[1] == "grep" && words.any_short("l")) ||
       (words[1] == "diff" && words.any_word({"--name-only"})))) {
    out.push_back(whole(true));
    const std::size_t pattern = words.first_operand(2);
    if (words[1] == "ls-files" && pattern != 0 && words.first_operand(pattern + 1) == 0) {
      const std::string_view name = words[pattern];
      out.back().only.emplace_back(name.substr(name.rfind('/') + 1));
    }
    return out;
  }
  return std::nullopt;
}

}  // namespace oap::permission
