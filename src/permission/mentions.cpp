#include "permission/mentions.hpp"

#include <algorithm>
#include <cctype>

#include "permission/file_options.hpp"
#include "permission/words.hpp"
#include "shell/name_set.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

using shell::NameSet;
using shell::WordKind;

constexpr std::size_t kMostWords = 64;
constexpr std::size_t kMostMentions = 256;
constexpr std::size_t kLongestName = 1024;
/// What parts of a word stand between.
constexpr std::string_view kMarks = "=@:,<";
/// How many letters may stand before a value in a group of short options.
constexpr std::size_t kLongestGroup = 5;

bool prints_only(std::string_view program) {
  static const NameSet kNames(" echo printf test [ cd pushd true false : export basename dirname ");
  return kNames.contains(program);
}

/// Their first word is a pattern or a program, and so are the values of some options.
bool searches(std::string_view program) {
  static const NameSet kNames(
      " grep egrep fgrep zgrep rg ag ack awk gawk mawk sed gsed jq yq perl find fd fdfind ");
  return kNames.contains(program);
}

/// Their bare words are names of targets, scripts and resources.
bool takes_verbs(std::string_view program) {
  static const NameSet kNames(
      " make gmake bmake ninja npm pnpm yarn bun npx cargo kubectl oc helm gh glab just task rake "
      "gradle mvn systemctl pip pip3 apt apt-get brew go git terraform ");
  return kNames.contains(program);
}

/// Their words hold a language in which files are named.
bool reads_language(std::string_view program, std::string_view word) {
  static const NameSet kNames(
      " sqlite3 rsync socat ffmpeg convert magick duckdb tex etex pdftex luatex latex "
      "pdflatex xelatex lualatex ");
  if (program == "jq") {
    return word.find("import") != std::string_view::npos ||
           word.find("include") != std::string_view::npos;
  }
  if (program == "awk" || program == "gawk" || program == "mawk") {
    return word.find("getline") != std::string_view::npos ||
           word.find('>') != std::string_view::npos;
  }
  return kNames.contains(program);
}

/// Options whose value is no file that is touched: text, patterns, and what is passed over.
bool is_text_option(std::string_view name, std::string_view program) {
  const bool of_file = name.find("file") != std::string_view::npos ||
                       name.find("from") != std::string_view::npos ||
                       name.find("path") != std::string_view::npos;
  if (of_file) {
    return false;
  }
  static constexpr std::string_view kTexts[] = {
      "--exclude", "--ignore",  "--skip", "--omit",           "--message", "--title",   "--body",
      "--notes",   "--author",  "--date", "--format",         "--pretty",  "--include", "--regexp",
      "--grep",    "--pattern", "--name", "--label",          "--color",   "--since",   "--until",
      "--search",  "--query",   "--jq",   "--template-string"};
  const auto begins = [&](std::string_view text) { return name.starts_with(text); };
  const bool header = name == "--include-in-header" || name.starts_with("--include-before") ||
                      name.starts_with("--include-after");
  if (!header && std::any_of(std::begin(kTexts), std::end(kTexts), begins)) {
    return true;
  }
  const bool group = name.size() > 1 && name[0] == '-' && name[1] != '-';
  if (!group) {
    return false;
  }
  if (program == "git") {
    return name.find('m') != std::string_view::npos || name == "-G" || name == "-S";
  }
  if (program == "gh" || program == "glab") {
    return Words::one_of(name, {"-t", "-b", "-n", "-l", "-q"});
  }
  return (searches(program) && name.find_first_of("eE") != std::string_view::npos) ||
         (Words::one_of(name, {"-k", "-m"}) && program.find("pytest") != std::string_view::npos);
}

/// "https://…", "s3://…": nothing here, unless it is file://.
bool is_remote(std::string_view word) {
  const std::size_t colon = word.find("://");
  if (colon == std::string_view::npos || colon == 0) {
    return false;
  }
  const std::string_view scheme = word.substr(0, colon);  // AWS knows fileb://, too
  const bool name = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  });
  return name && !text::starts_with_ci(scheme, "file");
}

class Gatherer {
 public:
  Gatherer(const shell::SimpleCommand& command, bool known)
      : command_(command), program_(shell::base_name(command.argv.front())), known_(known) {}

  std::vector<Mention> gather() {
    const std::size_t most = std::min(command_.argv.size(), kMostWords);
    const bool silent = prints_only(program_);
    if (const std::string& program = command_.argv.front();
        program.find('/') != std::string::npos && program[0] != '/' && program[0] != '~') {
      out_.push_back({program, false, false});  // what is run is read
    }
    for (std::size_t i = 1; !silent && i < most; ++i) {
      const WordKind kind = command_.kinds[i];
      if (kind == WordKind::kDynamic || (kind == WordKind::kGlob && known_)) {
        before_ = {};
        continue;
      }
      const std::string_view word = command_.argv[i];
      if (word.size() > 1 && word[0] == '-') {
        option(word);
        before_ = word;
      } else {
        bare(word);
        before_ = {};
      }
    }
    return std::move(out_);
  }

 private:
  void option(std::string_view word) {
    in_value_ = true;
    const std::size_t equals = word.find('=');
    if (equals != std::string_view::npos) {
      if (!is_text_option(word.substr(0, equals), program_)) {
        value(word.substr(equals + 1), true);
        if (reads_language(program_, word)) {
          language(word.substr(equals + 1));
        }
      }
      return;
    }
    if (word[1] == '-') {
      return;
    }
    for (std::size_t at = 2; at < std::min(word.size(), kLongestGroup + 1); ++at) {
      if (is_text_option(word.substr(0, at), program_)) {
        return;
      }
      value(word.substr(at), word.size() - at > 2);
    }
  }

  void bare(std::string_view word) {
    in_value_ = false;
    const bool behind_option = !before_.empty();
    if (behind_option && is_text_option(before_, program_)) {
      return;
    }
    if (reads_language(program_, word)) {
      in_value_ = true;
      language(word);
      in_value_ = false;
    }
    const bool library = program_ == "jq" && before_ == "-L";
    if (known_ && !word.starts_with('@') && !library && (!behind_option || searches(program_))) {
      return;
    }
    if (const std::size_t blank = word.find(' ');
        blank != std::string_view::npos && before_ == "-o" &&
        (program_ == "ssh" || program_ == "scp" || program_ == "sftp")) {
      word.remove_prefix(blank + 1);  // -o "IdentityFile x"
    }
    const bool packs = program_ == "git" && command_.argv[1] == "archive";
    value(word, behind_option ? takes_place() : packs || !takes_verbs(program_));
  }

  /// The option before the word may take a place: not `make -n TARGET`, `kubectl -n NAME`.
  bool takes_place() const {
    if (program_ == "kubectl" || program_ == "oc") {
      return false;
    }
    const bool letter = before_.size() == 2;
    return !takes_verbs(program_) || !letter ||
           std::string_view("CfdIoPpcDSbte").find(before_.back()) != std::string_view::npos;
  }

  /// A value and its parts.
  void value(std::string_view word, bool by_name) {
    if (is_remote(word)) {
      return;
    }
    if (const std::size_t scheme = word.find("://");
        text::starts_with_ci(word, "file") && scheme != std::string_view::npos) {
      word.remove_prefix(scheme + 3);
    } else if (text::starts_with_ci(word, "file:")) {
      word.remove_prefix(5);
    }
    if (program_ == "git" && word.starts_with(":(")) {
      pathspec(word);
      return;
    }
    offer(word, by_name);
    for (std::size_t mark = word.find_first_of(kMarks); mark != std::string_view::npos;
         mark = word.find_first_of(kMarks)) {
      offer(word.substr(0, mark), by_name);
      word.remove_prefix(mark + 1);
      word.remove_prefix(word.starts_with("//") ? 1 : 0);
      offer(word, by_name);
    }
  }

  /// `:(top,icase)NAME`: git's long form of what it finds files by.
  void pathspec(std::string_view word) {
    const std::size_t close = std::min(word.find(')'), word.size() - 1);
    const std::string_view magic = word.substr(0, close);
    const std::string_view name = word.substr(close + 1);
    if (magic.find("exclude") != std::string_view::npos) {
      return;
    }
    offer(name, false);
    if (magic.find("icase") != std::string_view::npos) {
      offer(text::lower_ascii(name), false);
    }
  }

  /// Names within a text of some language.
  void language(std::string_view word) {
    constexpr std::string_view kEnds = " \t\n'\"`()<>;,=@:|{}";
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t end = std::min(word.find_first_of(kEnds, at), word.size());
      offer(word.substr(at, end - at), false);
      at = end + 1;
    }
  }

  /// A value is what the program takes for a place of its own choosing; a reader's other words are
  /// only read.
  void offer(std::string_view name, bool by_name) {
    const bool pathspec = program_ == "git" && name.find_first_of("*?[") != std::string_view::npos;
    const bool plain = !pathspec && name.find_first_of("/.~") == std::string_view::npos;
    const bool everywhere = Words::one_of(name, {".", "..", "/", "./", "../", "~"});
    if (name.empty() || name[0] == '-' || name.size() > kLongestName || everywhere ||
        (plain && (!by_name || name.size() < 2)) || out_.size() >= kMostMentions) {
      return;
    }
    const bool reads = searches(program_) || (program_ == "git" && !in_value_) ||
                       (known_ && !in_value_ && is_reader(program_));
    Mention mention{std::string(name), !reads, plain};
    if (std::find(out_.begin(), out_.end(), mention) == out_.end()) {
      out_.push_back(std::move(mention));
    }
  }

  const shell::SimpleCommand& command_;
  std::string program_;
  bool known_;
  std::string_view before_;  ///< the option that the word stands behind
  bool in_value_ = false;    ///< what is offered stands in an option, or in a language
  std::vector<Mention> out_;
};

}  // namespace

std::vector<Mention> mentions_of(const shell::SimpleCommand& command, bool known) {
  return command.argv.empty() ? std::vector<Mention>{} : Gatherer(command, known).gather();
}

}  // namespace oap::permission
