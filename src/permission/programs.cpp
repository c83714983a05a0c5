#include "permission/programs.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "permission/inline_code.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

using shell::WordKind;

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

struct Operand {
  std::string text;
  WordKind kind;
};

/// The words of a call that are not options. `--` ends the options.
std::vector<Operand> operands(const shell::SimpleCommand& command) {
  std::vector<Operand> out;
  bool options = true;
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    const std::string& word = command.argv[i];
    if (options && word == "--") {
      options = false;
    } else if (!options || !word.starts_with('-') || word == "-") {
      out.push_back({word, command.kinds[i]});
    }
  }
  return out;
}

bool has_short(const shell::SimpleCommand& command, std::string_view letters) {
  for (std::size_t i = 1; i < command.argv.size() && command.argv[i] != "--"; ++i) {
    const std::string& word = command.argv[i];
    if (word.size() > 1 && word[0] == '-' && word[1] != '-' &&
        word.find_first_of(letters) != std::string::npos) {
      return true;
    }
  }
  return false;
}

bool has_long(const shell::SimpleCommand& command, std::string_view option) {
  return std::any_of(command.argv.begin(), command.argv.end(), [&](const std::string& word) {
    return word == option || word.starts_with(std::string(option) + "=");
  });
}

std::string option_value(const shell::SimpleCommand& command, std::string_view letter,
                         std::string_view name) {
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    const std::string& word = command.argv[i];
    if ((word == letter || word == name) && i + 1 < command.argv.size()) {
      return command.argv[i + 1];
    }
    if (word.starts_with(std::string(name) + "=")) {
      return word.substr(name.size() + 1);
    }
    if (!letter.empty() && word.starts_with(letter) && word.size() > letter.size()) {
      return word.substr(letter.size());
    }
  }
  return {};
}

class Collector {
 public:
  explicit Collector(const shell::SimpleCommand& command)
      : command_(command),
        program_(shell::base_name(command.argv.front())),
        words_(operands(command)) {}

  std::vector<FileOperand> collect() {
    if (one_of(program_, {"rm", "rmdir", "unlink", "shred", "srm", "wipe"})) {
      const bool tree = has_short(command_, "rR") || has_long(command_, "--recursive");
      all(Action::kDelete, tree);
      unknown_rest(Action::kDelete, tree);
    } else if (one_of(program_, {"cp", "mv", "install", "ln", "rsync"})) {
      copies();
    } else if (one_of(program_, {"touch", "mkdir", "tee", "truncate", "mkfifo", "sponge"})) {
      all(Action::kWrite, false);
      unknown_rest(Action::kWrite, false);
    } else if (one_of(program_, {"chmod", "chown", "chgrp"})) {
      without_first();
      all(Action::kWrite, has_short(command_, "R"));
    } else if (program_ == "dd") {
      dd();
    } else if (program_ == "find") {
      find();
    } else if (program_ == "sed") {
      sed();
    } else if (one_of(program_,
                      {"grep", "egrep", "fgrep", "rg", "awk", "gawk", "mawk", "jq", "ag"})) {
      const bool given = one_of(program_, {"awk", "gawk", "mawk", "jq"})
                             ? has_short(command_, "f")
                             : has_short(command_, "ef") || has_long(command_, "--regexp");
      if (!given) {
        without_first();
      }
      all(Action::kRead, false);
    } else if (reads()) {
      all(Action::kRead, false);
      unknown_rest(Action::kRead, false);
    } else if (one_of(program_, {"curl", "wget"})) {
      downloads();
    }
    return std::move(out_);
  }

 private:
  bool reads() const {
    return one_of(program_,
                  {"cat",    "head",   "tail",     "less",     "more",      "wc",        "sort",
                   "uniq",   "cut",    "diff",     "cmp",      "comm",      "nl",        "tac",
                   "rev",    "paste",  "join",     "od",       "xxd",       "hexdump",   "strings",
                   "base64", "base32", "md5sum",   "sha1sum",  "sha256sum", "sha512sum", "file",
                   "stat",   "ls",     "dir",      "tree",     "du",        "bat",       "zcat",
                   "fold",   "column", "readlink", "realpath", "view",      "vi",        "vim",
                   "nano",   "emacs",  "gpg",      "openssl"});
  }

  void add(std::string path, WordKind kind, Action access, bool tree) {
    FileOperand operand;
    operand.path = std::move(path);
    operand.access = access;
    operand.tree = tree;
    operand.exact = kind == WordKind::kStatic || kind == WordKind::kTilde;
    // A quoted ~ is an ordinary character.
    if (kind == WordKind::kStatic && operand.path.starts_with('~')) {
      operand.path.insert(0, "./");
    }
    out_.push_back(std::move(operand));
  }

  void all(Action access, bool tree) {
    for (const Operand& word : words_) {
      add(word.text, word.kind, access, tree);
    }
  }

  /// xargs and find give more operands than are written.
  void unknown_rest(Action access, bool tree) {
    if (command_.dynamic && words_.empty()) {
      add("", WordKind::kDynamic, access, tree);
    }
  }

  void without_first() {
    if (!words_.empty()) {
      words_.erase(words_.begin());
    }
  }

  void copies() {
    const std::string into = option_value(command_, "-t", "--target-directory");
    const bool moves = program_ == "mv";
    if (!into.empty()) {
      add(into, WordKind::kStatic, Action::kWrite, false);
    }
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const bool last = into.empty() && i + 1 == words_.size();
      const bool lone_link = program_ == "ln" && words_.size() == 1;
      if (last && !lone_link) {
        add(words_[i].text, words_[i].kind, Action::kWrite, false);
        continue;
      }
      add(words_[i].text, words_[i].kind, Action::kRead, false);
      if (moves) {
        add(words_[i].text, words_[i].kind, Action::kDelete, true);
      }
    }
    if (command_.dynamic && words_.size() < 2) {
      add("", WordKind::kDynamic, Action::kWrite, false);
    }
  }

  void dd() {
    for (const Operand& word : words_) {
      if (word.text.starts_with("of=")) {
        add(word.text.substr(3), word.kind, Action::kWrite, false);
      } else if (word.text.starts_with("if=")) {
        add(word.text.substr(3), word.kind, Action::kRead, false);
      }
    }
  }

  void find() {
    const bool deletes =
        std::find(command_.argv.begin(), command_.argv.end(), "-delete") != command_.argv.end();
    bool any = false;
    for (std::size_t i = 1; i < command_.argv.size(); ++i) {
      const std::string& word = command_.argv[i];
      if (word.starts_with('-') || word == "(" || word == "!") {
        break;
      }
      any = true;
      add(word, command_.kinds[i], deletes ? Action::kDelete : Action::kRead, deletes);
    }
    if (!any) {
      add(".", WordKind::kStatic, deletes ? Action::kDelete : Action::kRead, deletes);
    }
    for (std::size_t i = 1; i + 1 < command_.argv.size(); ++i) {
      if (one_of(command_.argv[i], {"-fprint", "-fprintf", "-fls", "-fprint0"})) {
        add(command_.argv[i + 1], command_.kinds[i + 1], Action::kWrite, false);
      }
    }
  }

  void sed() {
    if (!has_short(command_, "ef") && !has_long(command_, "--expression")) {
      without_first();
    }
    const bool in_place = has_short(command_, "i") || has_long(command_, "--in-place");
    all(in_place ? Action::kWrite : Action::kRead, false);
  }

  void downloads() {
    const std::string file = option_value(command_, program_ == "curl" ? "-o" : "-O",
                                          program_ == "curl" ? "--output" : "--output-document");
    if (!file.empty() && file != "-") {
      add(file, WordKind::kStatic, Action::kWrite, false);
    }
  }

  const shell::SimpleCommand& command_;
  std::string_view program_;
  std::vector<Operand> words_;
  std::vector<FileOperand> out_;
};

bool git_is_moved(const shell::SimpleCommand& command) {
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    const std::string& word = command.argv[i];
    if (!word.starts_with('-')) {
      break;
    }
    if (!one_of(word, {"--version", "--help", "-h", "-v", "--no-pager", "-P"})) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<FileOperand> file_operands(const shell::SimpleCommand& command) {
  return command.argv.empty() ? std::vector<FileOperand>{} : Collector(command).collect();
}

bool is_safe_variable(std::string_view name) {
  return name.starts_with("LC_") ||
         one_of(name, {"LANG", "LANGUAGE", "TZ", "TERM", "NO_COLOR", "COLUMNS", "LINES",
                       "COLORTERM", "FORCE_COLOR", "CLICOLOR"});
}

bool is_environment_name(std::string_view name) {
  const bool upper = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || text::is_digit(c) || c == '_';
  });
  return (upper && name.size() > 1 && !one_of(name, {"REPLY", "OPTARG", "OPTIND", "MAPFILE"})) ||
         text::lower_ascii(name).ends_with("_proxy");
}

std::string call_doubt(const shell::SimpleCommand& command) {
  const std::string& word = command.argv.front();
  const bool plain =
      std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!plain) {
    return "the program's name holds unusual characters";
  }
  const std::string_view program = shell::base_name(word);
  if (program == "git" && git_is_moved(command)) {
    return "git is given an option that can run programs";
  }
  return inline_code(command);
}

bool is_trusted_directory(std::string_view directory) {
  return one_of(directory,
                {"/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"});
}

}  // namespace oap::permission
