#include <algorithm>
#include <optional>

#include "permission/programs.hpp"
#include "permission/words.hpp"
#include "shell/name_set.hpp"

namespace oap::permission {
namespace {

using shell::WordKind;

/// An option whose value is a file. `letter` is a short option; attached or as the next word.
struct FileOption {
  std::string_view programs;
  std::string_view letters;
  std::string_view longs;
  Action access = Action::kRead;
};
constexpr FileOption kOptions[] = {
    {" sort gpg iconv pandoc dot jpegoptim nasm as ld rustc gcc g++ cc c++ clang clang++ tcc go "
     "javac protoc "
     "strace ltrace time patch bison flex tsc esbuild ",
     "o", " --output --outfile -out ", Action::kWrite},
    {" wget ", "OoPa", " --output-document --output-file --append-output --directory-prefix ",
     Action::kWrite},
    {" wget ", "i", " --input-file --post-file --body-file --load-cookies ", Action::kRead},
    {" curl ", "oDc",
     " --output --output-dir --dump-header --cookie-jar --trace --trace-ascii --stderr ",
     Action::kWrite},
    {" curl ", "TKb", " --upload-file --config --cookie --netrc-file --cert --key ", Action::kRead},
    {" openssl ", "", " -out -keyout -writerand ", Action::kWrite},
    {" openssl ", "", " -in -key -inkey -cert -CAfile -config ", Action::kRead},
    {" tar gtar bsdtar ", "C", " --directory ", Action::kWrite},
    {" tar gtar bsdtar ", "TX", " --files-from --exclude-from ", Action::kRead},
    {" unzip unrar ", "d", "", Action::kWrite},
    {" patch ", "rd", " --reject-file --directory ", Action::kWrite},
    {" patch ", "i", " --input ", Action::kRead},
    {" cp mv ln install ", "t", " --target-directory ", Action::kWrite},
    {" ssh scp sftp ", "iF", "", Action::kRead},
    {" grep egrep fgrep rg awk gawk mawk sed jq bc ", "f", " --file --from-file ", Action::kRead},
    {" docker podman ", "", " --env-file --cidfile --secret ", Action::kRead},
    {" tree shuf ", "o", " --output ", Action::kWrite},
    {" tsc ", "", " --outFile --outfile --outDir --declarationDir --tsBuildInfoFile ",
     Action::kWrite},
    {" tar gtar bsdtar ", "", " --one-top-level ", Action::kWrite},
    {" csplit ", "f", " --prefix ", Action::kWrite},
    {" git ", "", " --output ", Action::kWrite},
    {" touch chmod chown ", "r", " --reference ", Action::kRead},
    {" date stat find ", "", " --reference -newer -samefile -files0-from ", Action::kRead},
    {" find ", "", " -fprint -fprintf -fls -fprint0 ", Action::kWrite},
};

const shell::NameSet& readers() {
  static const shell::NameSet kReaders(
      " cat head tail less more most wc sort uniq cut diff diff3 sdiff cmp comm nl tac rev paste "
      "join od xxd hexdump "
      "hd strings base64 base32 basenc md5sum sha1sum sha224sum sha256sum sha384sum sha512sum "
      "b2sum "
      "cksum sum file "
      "stat ls dir vdir tree du bat batcat zcat bzcat xzcat zless zmore zgrep fold column readlink "
      "realpath view vi "
      "vim nano emacs gpg openssl iconv fmt pr expand unexpand shuf tsort look csplit split "
      "xmllint "
      "yq dos2unix source . "
      "wdiff colordiff delta icdiff glow pygmentize highlight source-highlight enscript a2ps lpr "
      "lp "
      "mail mutt "
      "sendmail play mpv open xdg-open eog feh python python2 python3 node ruby perl php lua bash "
      "sh "
      "dash zsh ksh "
      "pandoc gs pdftotext exiftool identify objdump nm readelf ldd size c++filt addr2line psql "
      "sqlite3 "
      "shellcheck eslint black ruff mypy pylint flake8 prettier rustfmt gofmt clang-format "
      "clang-tidy tsc javac "
      "gcc g++ cc c++ clang clang++ rustc ld as nasm ");
  return kReaders;
}

constexpr std::string_view kWriters =
    " touch mkdir tee truncate mkfifo mknod sponge script chattr setfattr mktemp fallocate black "
    "isort autoflake rustfmt ";
constexpr std::string_view kReplacers =  // read, written or removed in place
    " gzip gunzip bzip2 bunzip2 xz unxz lzma unlzma zstd unzstd lz4 compress uncompress pigz patch "
    "setfacl ed ex ";
constexpr std::string_view kArchivers = " tar gtar bsdtar zip 7z 7za rar ar cpio jar ";

class Collector {
 public:
  explicit Collector(const shell::SimpleCommand& command) : command_(command), words_(command) {
    taken_.resize(command.argv.size(), false);
  }

  std::vector<FileOperand> collect() {
    take_options();
    const std::string_view name = words_.program();
    if (name == "git") {
      git();
    } else if (changes_in_place()) {
      all(Action::kRead, false);
      all(Action::kWrite, false);
    } else if (words_.is({"rm", "rmdir", "unlink", "shred", "srm", "wipe", "trash", "trash-put",
                          "rimraf"})) {
      const bool tree = words_.any_short("rR") || words_.any_prefix({"--r"}) || name == "rimraf";
      all(Action::kDelete, tree);
      unknown_rest(Action::kDelete, tree);
    } else if (words_.is({"cp", "mv", "install", "ln", "link", "rsync", "scp", "ditto"})) {
      copies();
    } else if (Words::listed(kWriters, name)) {
      all(Action::kWrite, false);
      unknown_rest(Action::kWrite, false);
    } else if (words_.is({"chmod", "chown", "chgrp"})) {
      if (!words_.any_prefix({"--reference"})) {
        without_first();
      }
      all(Action::kWrite, words_.any_short("R") || words_.any_prefix({"--recursive"}));
    } else if (name == "dd") {
      dd();
    } else if (name == "find") {
      find();
    } else if (name == "sed" || name == "gsed") {
      sed();
    } else if (words_.is({"grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack", "awk", "gawk",
                          "mawk", "jq"})) {
      searches();
    } else if (Words::listed(kArchivers, name)) {
      archives();
    } else if (Words::listed(kReplacers, name)) {
      all(Action::kRead, false);
      all(words_.is({"patch", "ed", "ex", "setfacl"}) ? Action::kWrite : Action::kDelete, false);
    } else if (readers().contains(name)) {
      reads();
    }
    return std::move(out_);
  }

 private:
  void add(std::string path, WordKind kind, Action access, bool tree) {
    FileOperand operand;
    operand.access = access;
    operand.tree = tree;
    operand.exact = kind == WordKind::kStatic || kind == WordKind::kTilde;
    operand.glob = kind == WordKind::kGlob;
    if (is_given_more() && path.find("{}") != std::string::npos) {
      operand.exact = false;
    }
    operand.path = std::move(path);
    // A quoted ~ is an ordinary character.
    if (kind == WordKind::kStatic && operand.path.starts_with('~')) {
      operand.path.insert(0, "./");
    }
    if (!operand.path.empty() && operand.path != "-") {
      out_.push_back(std::move(operand));
    } else if (kind == WordKind::kDynamic) {
      operand.exact = false;
      out_.push_back(std::move(operand));
    }
  }
  void add(std::size_t i, Action access, bool tree) {
    add(command_.argv[i], command_.kinds[i], access, tree);
  }

  /// Options that name files; what they take is no operand any more.
  void take_options() {
    static const shell::RowsByName<FileOption> kByProgram(kOptions);
    for (const FileOption* one : kByProgram.of(words_.program())) {
      for (std::size_t i = 1; i < words_.size(); ++i) {
        take_option(*one, i);
      }
    }
  }

  void take_option(const FileOption& one, std::size_t i) {
    const std::string_view word = words_[i];
    if (word.size() < 2 || word[0] != '-') {
      return;
    }
    const std::size_t equals = word.find('=');
    if (Words::listed(one.longs, word.substr(0, equals))) {
      take_value(one, i, equals == std::string_view::npos ? word.size() : equals + 1);
      return;
    }
    const std::size_t letter = word[1] == '-' || one.letters.empty()
                                   ? std::string_view::npos
                                   : word.find_first_of(one.letters, 1);
    if (letter != std::string_view::npos && letter <= 4) {
      take_value(one, i, letter + 1);
    }
  }

  void take_value(const FileOption& one, std::size_t i, std::size_t at) {
    if (at < command_.argv[i].size()) {
      add(command_.argv[i].substr(at), command_.kinds[i], one.access, false);
    } else if (i + 1 < words_.size()) {
      add(i + 1, one.access, false);
      taken_[i + 1] = true;
    }
  }

  /// The words that are neither options nor their files. `--` ends the options.
  std::vector<std::size_t> operands() const {
    std::vector<std::size_t> out;
    bool options = true;
    for (std::size_t i = 1 + skipped_; i < words_.size(); ++i) {
      const std::string_view word = words_[i];
      if (options && word == "--") {
        options = false;
      } else if (!taken_[i] && (!options || !word.starts_with('-') || word == "-")) {
        out.push_back(i);
      }
    }
    return out;
  }

  void all(Action access, bool tree) {
    for (const std::size_t i : operands()) {
      add(i, access, tree);
    }
  }

  bool is_given_more() const { return Words::one_of(command_.wrapper, {"xargs", "find"}); }

  /// xargs and find give more operands than are written.
  void unknown_rest(Action access, bool tree) {
    if (command_.dynamic && (operands().empty() || is_given_more())) {
      add("", WordKind::kDynamic, access, tree);
    }
  }

  void without_first() {
    if (const auto list = operands(); !list.empty()) {
      taken_[list.front()] = true;
    }
  }

  /// Programs that read what they are given; the second file of some is written.
  void reads() {
    const auto list = operands();
    const bool tree = words_.any_short("R");
    const bool second = words_.is({"uniq", "xxd", "split", "enscript", "dos2unix"});
    for (std::size_t n = 0; n < list.size(); ++n) {
      add(list[n], second && n > 0 ? Action::kWrite : Action::kRead, tree);
    }
    unknown_rest(Action::kRead, false);
  }

  void searches() {
    const bool program = words_.is({"awk", "gawk", "mawk", "jq"});
    const bool given = program
                           ? words_.any_short("f")
                           : words_.any_short("ef") || words_.any_prefix({"--regexp", "--file"});
    if (!given) {
      without_first();
    }
    const bool grep = words_.is({"grep", "egrep", "fgrep", "zgrep"});
    const bool tree =
        !program && (!grep || words_.any_short("rR") || words_.any_prefix({"--rec", "--deref"}));
    if (tree && operands().empty()) {
      add(".", WordKind::kStatic, Action::kRead, true);
    }
    all(Action::kRead, tree);
    unknown_rest(Action::kRead, false);
  }

  /// Formatters and fixers that are told to write their files.
  bool changes_in_place() const {
    return (words_.is({"yq", "clang-format", "autopep8", "perltidy"}) &&
            (words_.any_short("i") || words_.any_prefix({"--inp", "--in-p"}))) ||
           (words_.is({"prettier", "gofmt", "goimports", "shfmt", "swiftformat", "yapf"}) &&
            (words_.any_short("wi") || words_.any_prefix({"--write", "-w", "--in-place"}))) ||
           (words_.is({"eslint", "stylelint", "rubocop", "ktlint", "markdownlint"}) &&
            (words_.any_prefix({"--fix"}) || words_.any_short("aAF"))) ||
           (words_.is({"ruff"}) && (words_.any_word({"format"}) || words_.any_prefix({"--fix"})));
  }

  /// Something below a directory is written, which is not known.
  void somewhere_below(std::string path, WordKind kind) {
    add(std::move(path), kind, Action::kWrite, true);
    out_.back().unsure = true;
  }

  void git() {
    std::vector<std::size_t> list = operands();
    if (list.empty()) {
      return;
    }
    const std::string_view verb = words_[list.front()];
    list.erase(list.begin());
    const bool stashes =
        verb == "stash" && (words_.any_short("ua") || words_.any_prefix({"--include-u", "--all"}));
    const bool cleans =
        verb == "clean" && !words_.any_short("n") && !words_.any_word({"--dry-run"});
    const bool resets = verb == "reset" && words_.any_word({"--hard", "--merge", "--keep"});
    const bool applies =
        (verb == "apply" && !words_.any_word({"--check", "--stat", "--numstat"})) || verb == "am" ||
        verb == "checkout-index";
    if (stashes || cleans || resets || applies) {
      somewhere_below(".", WordKind::kStatic);
    } else if (Words::one_of(verb, {"checkout", "restore", "rm", "mv"})) {
      git_paths(verb, list);
    } else if (verb == "add" || verb == "stage") {
      if (words_.any_short("Au") || words_.any_prefix({"--all", "--update"})) {
        add(".", WordKind::kStatic, Action::kRead, true);
      }
      for (const std::size_t i : list) {
        add(i, Action::kRead, true);
      }
    } else if (verb == "grep" && words_.any_prefix({"--no-index"})) {
      for (std::size_t n = 1; n < list.size(); ++n) {
        add(list[n], Action::kRead, true);
      }
      if (list.size() < 2) {
        add(".", WordKind::kStatic, Action::kRead, true);
      }
    }
  }

  /// `git checkout [REV] [--] PATH…`, `git restore PATH…`, `git rm PATH…`, `git mv A B`.
  void git_paths(std::string_view verb, const std::vector<std::size_t>& list) {
    std::size_t dashes = 0;
    for (std::size_t i = 1; i < words_.size() && dashes == 0; ++i) {
      dashes = words_[i] == "--" ? i : 0;
    }
    const bool moves = verb == "mv";
    for (std::size_t n = 0; n < list.size(); ++n) {
      const std::size_t i = list[n];
      const bool whole = Words::one_of(words_[i], {".", "./", ":/", "*", ":"});
      const bool certain = verb != "checkout" || (dashes != 0 && i > dashes);
      if (whole && !moves) {
        somewhere_below(".", WordKind::kStatic);
        continue;
      }
      const bool removes = verb == "rm" || (moves && n + 1 < list.size());
      add(i, removes ? Action::kDelete : Action::kWrite, true);
      out_.back().possible = !certain;
    }
  }

  /// The directory that -t names; -1 as its place where there is none.
  std::optional<FileOperand> given_directory() const {
    for (const FileOperand& one : out_) {
      if (one.access == Action::kWrite) {
        return one;
      }
    }
    return std::nullopt;
  }

  /// A file that is copied into a directory keeps its name there.
  void copy_into(const std::string& directory, WordKind kind, std::size_t source, bool tree) {
    std::string_view name = words_[source];
    const bool contents = name.ends_with('/') && words_.is({"rsync"});
    while (name.size() > 1 && name.ends_with('/')) {
      name.remove_suffix(1);
    }
    name = name.substr(name.rfind('/') + 1);
    const bool known =
        command_.kinds[source] == WordKind::kStatic || command_.kinds[source] == WordKind::kTilde;
    if (contents || !known || name.empty() || Words::one_of(name, {".", "..", "~", "/"})) {
      if (tree || !known) {
        somewhere_below(directory, kind);
      }
      return;
    }
    add(directory + "/" + std::string(name), kind, Action::kWrite, tree);
    out_.back().possible = true;
  }

  void copies() {
    const bool into = words_.any_short("t") || words_.any_prefix({"--target-directory", "--t"});
    const bool moves = words_.is({"mv"});
    const bool links = words_.is({"ln", "link"});
    const bool tree = moves || words_.any_short("rRa") || words_.any_prefix({"--rec", "--arch"});
    const bool hard = links ? !words_.any_short("s") && !words_.any_prefix({"--sy"})
                            : words_.any_short("l") && words_.is({"cp"});
    const std::vector<std::size_t> list = operands();
    const auto directory = into ? given_directory() : std::nullopt;
    for (std::size_t n = 0; n < list.size(); ++n) {
      const bool last = !into && n + 1 == list.size() && (list.size() > 1 || !links);
      add(list[n], last ? Action::kWrite : Action::kRead, !last && tree);
      if (last) {
        continue;
      }
      if (moves) {
        add(list[n], Action::kDelete, true);
      }
      if (hard || (words_.is({"cp"}) && words_.any_prefix({"--li"}))) {
        add(list[n], Action::kWrite, tree);
      }
      if (directory) {
        copy_into(directory->path, directory->exact ? WordKind::kStatic : WordKind::kDynamic,
                  list[n], tree);
      } else if (!into && list.size() > 1) {
        copy_into(command_.argv[list.back()], command_.kinds[list.back()], list[n], tree);
      }
    }
    if (command_.dynamic && list.size() < 2) {
      add("", WordKind::kDynamic, Action::kWrite, false);
    }
  }

  void archives() {
    const bool tar = words_.is({"tar", "gtar", "bsdtar"});
    const bool old_style = tar && words_.size() > 1 && !words_[1].starts_with('-');
    skipped_ = old_style ? 1 : 0;
    const std::string_view mode = words_.size() > 1 ? words_[1] : std::string_view();
    const bool makes = !tar || mode.find_first_of("cruA") != std::string_view::npos ||
                       words_.any_prefix({"--create", "--append", "--update"});
    const bool extracts = tar && !makes && mode.find('t') == std::string_view::npos;
    const auto list = operands();
    for (std::size_t n = 0; n < list.size(); ++n) {
      const bool archive = n == 0 && (!tar || words_.any_short("f") || old_style);
      if (archive) {
        add(list[n], makes ? Action::kWrite : Action::kRead, false);
      } else if (makes) {
        add(list[n], Action::kRead, true);
      } else if (extracts) {
        add(list[n], Action::kWrite, false);
      }
    }
  }

  void dd() {
    for (std::size_t i = 1; i < words_.size(); ++i) {
      const std::string& word = command_.argv[i];
      if (word.starts_with("of=")) {
        add(word.substr(3), command_.kinds[i], Action::kWrite, false);
      } else if (word.starts_with("if=")) {
        add(word.substr(3), command_.kinds[i], Action::kRead, false);
      }
    }
  }

  void find() {
    const bool deletes = words_.any_word({"-delete"});
    bool any = false;
    for (std::size_t i = 1; i < words_.size(); ++i) {
      const std::string_view word = words_[i];
      if (word.starts_with('-') || word == "(" || word == "!") {
        break;
      }
      any = true;
      add(i, deletes ? Action::kDelete : Action::kRead, deletes);
    }
    if (!any) {
      add(".", WordKind::kStatic, deletes ? Action::kDelete : Action::kRead, deletes);
    }
  }

  void sed() {
    if (!words_.any_short("ef") && !words_.any_prefix({"--expression", "--file"})) {
      without_first();
    }
    const bool in_place = words_.any_short("i") || words_.any_prefix({"--in-place"});
    all(in_place ? Action::kWrite : Action::kRead, false);
  }

  const shell::SimpleCommand& command_;
  Words words_;
  std::vector<bool> taken_;
  std::size_t skipped_ = 0;
  std::vector<FileOperand> out_;
};

}  // namespace

std::vector<FileOperand> file_operands(const shell::SimpleCommand& command) {
  return command.argv.empty() ? std::vector<FileOperand>{} : Collector(command).collect();
}

}  // namespace oap::permission
