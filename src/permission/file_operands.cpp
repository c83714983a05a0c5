#include <optional>

#include "permission/operand_collector.hpp"

namespace oap::permission {
namespace {

using shell::WordKind;

constexpr std::string_view kWriters =
    " touch mkdir tee truncate mkfifo mknod sponge script chattr setfattr mktemp fallocate black "
    "isort autoflake rustfmt ";
constexpr std::string_view kEditors =
    " vi vim nvim nano pico micro emacs joe jed mcedit kate gedit code codium subl hx kak ";
constexpr std::string_view kReplacers =  // read, written or removed in place
    " gzip gunzip bzip2 bunzip2 xz unxz lzma unlzma zstd unzstd lz4 compress uncompress pigz "
    "setfacl ed ex ";

}  // namespace

std::vector<FileOperand> OperandCollector::collect() {
  take_options();
  const bool listed = words_.is({"zip"}) && words_.any_word({"-@", "-r@"});
  if (listed ||
      words_.any_prefix({"--files0-from", "--files-from", "--pathspec-from-f", "-files0-from"})) {
    add_unknown(Action::kRead, false);
  }
  if (words_.is({"git"})) {
    git();
  } else if (changes_in_place()) {
    all(Action::kRead, false);
    all(Action::kWrite, false);
  } else if (!archives() && !transfers()) {
    dispatch_rest();
  }
  return std::move(out_);
}

bool OperandCollector::transfers() {
  if (words_.is({"curl"})) {
    curl();
  } else if (words_.is({"wget", "wget2"})) {
    wget();
  } else if (words_.is({"aws", "gsutil", "rclone", "gcloud", "s3cmd", "azcopy", "docker", "podman",
                        "kubectl", "oc"}) &&
             words_.any_word({"cp", "sync", "mv", "copy", "rsync", "move", "put"})) {
    sends();
  } else {
    return false;
  }
  return true;
}

/// `aws s3 sync A B`, `kubectl cp A B`: whole trees go elsewhere, and files come from there.
void OperandCollector::sends() {
  const std::vector<std::size_t> list = operands();
  for (std::size_t n = 0; n < list.size(); ++n) {
    add(list[n], Action::kRead, true);
    if (n + 1 == list.size()) {
      add(list[n], Action::kWrite, false);
    }
  }
  for (FileOperand& one : out_) {
    one.possible = true;
  }
}

void OperandCollector::dispatch_rest() {
  const std::string_view name = words_.program();
  if (words_.is(
          {"rm", "rmdir", "unlink", "shred", "srm", "wipe", "trash", "trash-put", "rimraf"})) {
    const bool tree = words_.any_short("rR") || words_.any_prefix({"--r"}) || name == "rimraf";
    all(Action::kDelete, tree);
    unknown_rest(Action::kDelete, tree);
    if (name == "shred" || name == "wipe" || name == "srm") {
      all(Action::kWrite, tree);
    }
  } else if (words_.is({"cp", "mv", "install", "ln", "link", "rsync", "scp", "ditto"})) {
    copies();
  } else if (Words::listed(kWriters, name)) {
    const bool only_looks = words_.is({"black", "isort", "rustfmt", "autoflake"}) &&
                            words_.any_word({"--check", "--check-only", "--diff"});
    all(only_looks ? Action::kRead : Action::kWrite, false);
    unknown_rest(Action::kWrite, false);
  } else if (words_.is({"chmod", "chown", "chgrp"})) {
    if (!words_.any_prefix({"--reference"})) {
      without_first();
    }
    all(Action::kWrite, words_.any_short("R") || words_.any_prefix({"--recursive"}));
  } else if (Words::listed(kEditors, name)) {
    all(Action::kRead, false);
    if (!words_.any_word({"-R", "-M"})) {
      all(Action::kWrite, false);
    }
    unknown_rest(Action::kWrite, false);
  } else if (name == "dd") {
    dd();
  } else if (name == "find") {
    find();
  } else if (words_.is({"sed", "gsed"})) {
    sed();
  } else if (words_.is({"grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack", "awk", "gawk", "mawk",
                        "jq"})) {
    searches();
  } else if (Words::listed(kReplacers, name)) {
    const bool tree = words_.any_short("r") || words_.any_prefix({"--r"});
    const bool edits = words_.is({"ed", "ex", "setfacl"});
    const bool prints = !edits && (words_.any_short("c") || words_.any_prefix({"--st", "--to-st"}));
    all(Action::kRead, tree);
    if (!prints) {
      all(edits ? Action::kWrite : Action::kDelete, tree);
    }
  } else if (is_reader(name)) {
    reads();
  }
}

void OperandCollector::add(std::string path, WordKind kind, Action access, bool tree) {
  if (kind == WordKind::kDynamic && (path.starts_with("<(") || path.starts_with(">("))) {
    return;
  }
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
void OperandCollector::take_options() {
  for (const FileOption* one : file_options(words_.program())) {
    for (std::size_t i = 1; i < words_.size(); ++i) {
      take_option(*one, i);
    }
  }
}

void OperandCollector::take_option(const FileOption& one, std::size_t i) {
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

void OperandCollector::take_value(const FileOption& one, std::size_t i, std::size_t at) {
  if (at < command_.argv[i].size()) {
    add(command_.argv[i].substr(at), command_.kinds[i], one.access, false);
  } else if (i + 1 < words_.size()) {
    add(i + 1, one.access, false);
    taken_[i + 1] = true;
  }
}

std::vector<std::size_t> OperandCollector::operands() const {
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

void OperandCollector::all(Action access, bool tree) {
  for (const std::size_t i : operands()) {
    add(i, access, tree);
  }
}

void OperandCollector::unknown_rest(Action access, bool tree) {
  if (command_.dynamic && (operands().empty() || is_given_more())) {
    add("", WordKind::kDynamic, access, tree);
  }
}

void OperandCollector::without_first() {
  if (const auto list = operands(); !list.empty()) {
    taken_[list.front()] = true;
  }
}

/// Modules that serve, pack or read whole directories.
void OperandCollector::python() {
  for (std::size_t i = 1; i + 1 < words_.size(); ++i) {
    if (words_[i] != "-m") {
      continue;
    }
    const std::string_view module = words_[i + 1];
    if (Words::one_of(module, {"http.server", "SimpleHTTPServer", "pyftpdlib", "http"})) {
      add(".", WordKind::kStatic, Action::kRead, true);
    }
    if (Words::one_of(module, {"tarfile", "zipfile", "shutil", "zipapp", "compileall"})) {
      for (std::size_t n = i + 2; n < words_.size(); ++n) {
        add(n, Action::kRead, true);
      }
    }
    return;
  }
}

/// Programs that read what they are given; the second file of some is written.
void OperandCollector::reads() {
  if (words_.program().starts_with("python")) {
    python();
  }
  const auto list = operands();
  const bool tree = words_.any_short(words_.is({"diff", "colordiff"}) ? "rR" : "R") ||
                    (words_.is({"diff"}) && words_.any_prefix({"--rec"}));
  const bool second = words_.is({"uniq", "xxd", "split", "enscript", "dos2unix"});
  for (std::size_t n = 0; n < list.size(); ++n) {
    add(list[n], second && n > 0 ? Action::kWrite : Action::kRead, tree);
  }
  if (words_.is({"sqlite3"}) && !list.empty()) {
    add(list.front(), Action::kWrite, false);
  }
  unknown_rest(Action::kRead, false);
}

/// Formatters and fixers that are told to write their files.
bool OperandCollector::changes_in_place() const {
  return (words_.is({"yq", "clang-format", "autopep8", "perltidy"}) &&
          (words_.any_short("i") || words_.any_prefix({"--inp", "--in-p"}))) ||
         (words_.is({"prettier", "gofmt", "goimports", "shfmt", "swiftformat", "yapf"}) &&
          (words_.any_short("wi") || words_.any_prefix({"--write", "-w", "--in-place"}))) ||
         (words_.is({"eslint", "stylelint", "rubocop", "ktlint", "markdownlint"}) &&
          (words_.any_prefix({"--fix"}) || words_.any_short("aAF"))) ||
         (words_.is({"ruff"}) && (words_.any_word({"format"}) || words_.any_prefix({"--fix"})));
}

void OperandCollector::somewhere_below(std::string path, WordKind kind, bool creates) {
  add(path.empty() ? "." : std::move(path), kind, Action::kWrite, true);
  out_.back().unsure = true;
  out_.back().creates = creates;
}

std::optional<FileOperand> OperandCollector::given_directory() const {
  for (const FileOperand& one : out_) {
    if (one.access == Action::kWrite) {
      return one;
    }
  }
  return std::nullopt;
}

/// A file that is copied into a directory keeps its name there.
void OperandCollector::copy_into(const std::string& directory, WordKind kind, std::size_t source,
                                 bool tree) {
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
      somewhere_below(directory, kind, true);
    }
    return;
  }
  add(directory + "/" + std::string(name), kind, Action::kWrite, tree);
  out_.back().possible = true;
}

void OperandCollector::copies() {
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
      copy_into(directory->path, directory->exact ? WordKind::kStatic : WordKind::kDynamic, list[n],
                tree);
    } else if (!into && list.size() > 1) {
      copy_into(command_.argv[list.back()], command_.kinds[list.back()], list[n], tree);
    }
  }
  if (command_.dynamic && list.size() < 2) {
    add("", WordKind::kDynamic, Action::kWrite, false);
  }
}

void OperandCollector::dd() {
  for (std::size_t i = 1; i < words_.size(); ++i) {
    const std::string& word = command_.argv[i];
    if (!word.starts_with("of=") && !word.starts_with("if=")) {
      continue;
    }
    // bash expands ~ behind the = of any word that looks like an assignment.
    const WordKind kind = word.substr(3).starts_with('~') ? WordKind::kTilde : command_.kinds[i];
    add(word.substr(3), kind, word[0] == 'o' ? Action::kWrite : Action::kRead, false);
  }
}

void OperandCollector::sed() {
  if (!words_.any_short("ef") && !words_.any_prefix({"--expression", "--file"})) {
    without_first();
  }
  const bool in_place = words_.any_short("i") || words_.any_prefix({"--in-place"});
  all(in_place ? Action::kWrite : Action::kRead, false);
}

std::vector<FileOperand> file_operands(const shell::SimpleCommand& command) {
  return command.argv.empty() ? std::vector<FileOperand>{} : OperandCollector(command).collect();
}

}  // namespace oap::permission
