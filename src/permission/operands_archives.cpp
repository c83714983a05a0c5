#include <algorithm>

#include "permission/operand_collector.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

using shell::WordKind;

/// What a tar call is told to do, by the letters of its modes.
struct TarModes {
  bool makes = false;
  bool extracts = false;
  bool lists = false;
  bool prints = false;

  void note(char letter) {
    makes = makes || std::string_view("cruA").find(letter) != std::string_view::npos;
    extracts = extracts || letter == 'x';
    lists = lists || letter == 't' || letter == 'd';
    prints = prints || letter == 'O';
  }
};

constexpr std::string_view kTarValues = "fCbTXIHLgVKNF";

TarModes tar_modes(const Words& words) {
  TarModes modes;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word.starts_with("--")) {
      const std::string_view name = word.substr(0, word.find('='));
      const auto is = [&](std::string_view full) {
        return name.size() > 3 && full.starts_with(name);
      };
      modes.makes = modes.makes || is("--create") || is("--append") || is("--update") ||
                    is("--catenate") || is("--concatenate");
      modes.extracts = modes.extracts || is("--extract") || is("--get");
      modes.lists = modes.lists || is("--list") || is("--compare") || is("--diff");
      modes.prints = modes.prints || is("--to-stdout");
    } else if (i == 1 || (word.size() > 1 && word[0] == '-')) {
      const bool old_style = word[0] != '-';
      for (const char letter : word.substr(old_style ? 0 : 1)) {
        modes.note(letter);
        if (!old_style && kTarValues.find(letter) != std::string_view::npos) {
          break;
        }
      }
    }
  }
  return modes;
}

/// The name under which a download is kept: the address's last part.
std::string kept_name(std::string_view address) {
  const std::size_t scheme = address.find("://");
  address.remove_prefix(scheme == std::string_view::npos ? 0 : scheme + 3);
  address = address.substr(0, address.find_first_of("?#"));
  const std::size_t slash = address.rfind('/');
  const std::string_view name =
      slash == std::string_view::npos ? std::string_view() : address.substr(slash + 1);
  return name.empty() ? "index.html" : std::string(name);
}

}  // namespace

bool OperandCollector::archives() {
  if (words_.is({"tar", "gtar", "bsdtar"})) {
    tar();
  } else if (words_.is({"cpio"})) {
    cpio();
  } else if (words_.is({"patch"})) {
    patch();
  } else if (words_.is({"zip", "unzip", "7z", "7za", "7zr", "7zz", "rar", "unrar", "ar", "jar",
                        "unsquashfs", "dpkg", "dpkg-deb", "pax", "bsdcpio"})) {
    other_archive();
  } else {
    return false;
  }
  return true;
}

/// Where an option says that files are to be put; "." where none does.
std::string OperandCollector::target_directory() const {
  const auto given = given_directory();
  return given && given->exact ? given->path : ".";
}

void OperandCollector::tar() {
  const TarModes modes = tar_modes(words_);
  std::optional<FileOperand> from = given_directory();
  const bool old_style = words_.size() > 1 && !words_[1].starts_with('-');
  std::size_t next = 2;
  bool archive = false;
  for (std::size_t i = 0; old_style && i < words_[1].size(); ++i) {
    if (kTarValues.find(words_[1][i]) == std::string_view::npos || next >= words_.size()) {
      continue;
    }
    const bool file = words_[1][i] == 'f';
    if (file || words_[1][i] == 'C') {
      add(next, file && !modes.makes ? Action::kRead : Action::kWrite, false);
      archive = archive || file;
      if (!file && !out_.empty()) {
        from = out_.back();
      }
    }
    taken_[next++] = true;
  }
  for (std::size_t i = 1; i + 1 < words_.size(); ++i) {
    if (words_[i] == "--file" && !taken_[i + 1]) {
      add(i + 1, modes.makes ? Action::kWrite : Action::kRead, false);
      taken_[i + 1] = true;
      archive = true;
    }
  }
  skipped_ = old_style ? 1 : 0;
  const bool extracts = (modes.extracts || (!modes.makes && !modes.lists)) && !modes.prints;
  tar_members(modes.makes, extracts, !archive && !old_style && words_.any_short("f"), from);
}

void OperandCollector::tar_members(bool makes, bool extracts, bool archive_first,
                                   const std::optional<FileOperand>& from) {
  const auto list = operands();
  const bool into = given_directory().has_value() && extracts;
  const std::string directory = extracts ? target_directory() : ".";
  std::size_t members = 0;
  for (std::size_t n = 0; n < list.size(); ++n) {
    if (archive_first && n == 0) {
      add(list[n], makes ? Action::kWrite : Action::kRead, false);
    } else if (makes) {
      add(list[n], Action::kRead, true);
      const bool follows = words_.any_short("h") || words_.any_prefix({"--deref"}) ||
                           (skipped_ != 0 && words_[1].find('h') != std::string_view::npos);
      if (!out_.empty()) {
        out_.back().skips_links = !follows;
      }
      if (from && from->exact) {
        add(from->path + "/" + command_.argv[list[n]],
            from->path.starts_with('~') ? WordKind::kTilde : command_.kinds[list[n]], Action::kRead,
            true);
      }
    } else if (extracts) {
      add(list[n], Action::kWrite, false);
      ++members;
    }
  }
  if (extracts && (members == 0 || into)) {
    somewhere_below(directory, WordKind::kStatic, true);
  }
}

/// Takes the operands from the given one on out of an archive: the first names it.
void OperandCollector::unpack(std::size_t from, bool members) {
  const auto list = operands();
  const std::string directory = target_directory();
  std::size_t named = 0;
  for (std::size_t n = from; n < list.size(); ++n) {
    const bool archive = n == from;
    add(list[n], archive ? Action::kRead : Action::kWrite, false);
    named += archive ? 0 : 1;
  }
  if (named == 0 || !members || directory != ".") {
    somewhere_below(directory, WordKind::kStatic, true);
  }
}

void OperandCollector::other_archive() {
  const auto list = operands();
  const std::string_view verb = list.empty() ? std::string_view() : words_[list.front()];
  if (words_.is({"unzip"})) {
    if (!words_.any_short("ltpvZz")) {
      unpack(0, true);
    } else if (!list.empty()) {
      add(list.front(), Action::kRead, false);
    }
    return;
  }
  if (words_.is({"unsquashfs"})) {
    unpack(0, false);
    return;
  }
  if (words_.is({"dpkg", "dpkg-deb"})) {
    if (words_.any_short("xXRe") ||
        words_.any_prefix({"--extr", "--vextr", "--raw", "--control"})) {
      add(list.size() > 1 ? command_.argv[list[1]] : std::string("."), WordKind::kStatic,
          Action::kWrite, true);
      out_.back().creates = true;
    }
    return;
  }
  if (words_.is({"pax", "bsdcpio"})) {
    if (words_.any_short("ri") && !words_.any_short("w")) {
      somewhere_below(".", WordKind::kStatic, true);
    } else {
      all(Action::kRead, true);
      add_unknown(Action::kRead, true);
    }
    return;
  }
  const bool seven = words_.is({"7z", "7za", "7zr", "7zz"});
  for (std::size_t i = 1; seven && i < words_.size(); ++i) {
    if (words_[i].starts_with("-o") && words_[i].size() > 2) {
      add(command_.argv[i].substr(2), command_.kinds[i], Action::kWrite, false);
    }
  }
  const bool modes = !words_.is({"zip"});
  const bool takes_out = modes && !verb.empty() &&
                         (words_.is({"ar", "jar"}) ? verb.find('x') != std::string_view::npos
                                                   : Words::one_of(verb, {"x", "e"}));
  if (takes_out) {
    unpack(1, !seven);
    return;
  }
  const bool looks = modes && Words::one_of(verb, {"l", "t", "tf", "p", "lb", "vt", "v", "lt"});
  for (std::size_t n = modes ? 1 : 0; n < list.size(); ++n) {
    const bool archive = n == (modes ? 1U : 0U);
    add(list[n], archive && !looks ? Action::kWrite : Action::kRead, !archive);
  }
}

void OperandCollector::cpio() {
  const bool passes = words_.any_short("p") || words_.any_prefix({"--pass"});
  const bool makes = words_.any_short("o") || words_.any_prefix({"--create"});
  const bool lists = words_.any_short("t") || words_.any_prefix({"--list"});
  if (passes || makes) {
    add_unknown(Action::kRead, false);
  }
  if (passes) {
    const auto list = operands();
    somewhere_below(list.empty() ? "." : command_.argv[list.back()],
                    list.empty() ? WordKind::kStatic : command_.kinds[list.back()], true);
  } else if (!makes && !lists) {
    somewhere_below(target_directory(), WordKind::kStatic, true);
  }
}

/// `patch [FILE [PATCH]]`: without a file the patch itself says what is changed.
void OperandCollector::patch() {
  const auto list = operands();
  const std::string directory = target_directory();
  all(Action::kRead, false);
  if (words_.any_prefix({"--dry"})) {
    return;
  }
  if (list.empty()) {
    somewhere_below(directory, WordKind::kStatic, true);
  } else {
    add(list.front(), Action::kWrite, false);
  }
}

/// The file that `file://…` names; what a pattern or an escape may name is not known.
void OperandCollector::file_address(std::size_t i) {
  std::string_view word = words_[i];
  if (word.starts_with("--url=")) {
    word.remove_prefix(6);
  }
  if (!text::starts_with_ci(word, "file:")) {
    return;
  }
  word.remove_prefix(5);
  if (word.starts_with("//")) {
    word.remove_prefix(2);
    word.remove_prefix(std::min(word.find('/'), word.size()));  // the host
  }
  word = word.substr(0, word.find_first_of("?#"));
  if (word.find_first_of("[]{}%*") != std::string_view::npos ||
      words_[i].find('?') != std::string_view::npos) {
    add_unknown(Action::kRead, false);
  } else {
    add(std::string(word), command_.kinds[i], Action::kRead, false);
  }
}

void OperandCollector::curl() {
  for (std::size_t i = 1; i < words_.size(); ++i) {
    file_address(i);
  }
  if (!words_.any_short("OJ") && !words_.any_prefix({"--remote-n", "--remote-h"})) {
    return;
  }
  std::string directory = ".";
  for (std::size_t i = 1; i < words_.size(); ++i) {
    if (words_[i] == "--output-dir" && i + 1 < words_.size()) {
      directory = words_[i + 1];
    }
  }
  if (words_.any_short("J") || words_.any_prefix({"--remote-h"})) {
    somewhere_below(directory, WordKind::kStatic, true);
  }
  for (const std::size_t i : operands()) {
    if (words_[i].find("/") != std::string_view::npos) {
      add(directory + "/" + kept_name(words_[i]), command_.kinds[i], Action::kWrite, false);
    }
  }
}

void OperandCollector::wget() {
  if (words_.any_short("O") || words_.any_prefix({"--output-d", "--spider"})) {
    return;
  }
  std::string directory = ".";
  for (const FileOperand& one : out_) {
    directory = one.access == Action::kWrite && one.exact ? one.path : directory;
  }
  const bool many = words_.any_short("rmpxi") ||
                    words_.any_prefix({"--rec", "--mir", "--page", "--input", "--content-d"});
  if (many) {
    somewhere_below(directory, WordKind::kStatic, true);
  }
  for (const std::size_t i : operands()) {
    add(directory + "/" + kept_name(words_[i]), command_.kinds[i], Action::kWrite, false);
  }
}

}  // namespace oap::permission
