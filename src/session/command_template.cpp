#include <algorithm>

#include "session/commands.hpp"
#include "session/shell_filling.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::session {
namespace {

constexpr std::size_t kMostBytes = 256U << 10U;
constexpr int kMostReads = 32;

/// One part of a template as it was written; only the template decides what is a command or file.
struct Part {
  enum class Kind { kText, kAll, kNumber, kFile, kShell } kind = Kind::kText;
  std::string text;  ///< kFile: the path; kShell: the command with its placeholders
  int number = 0;
};

bool ends_path(char c) {
  return text::is_space(c) || c == '`' || c == ',' || c == ';' || c == ')' || c == '"' || c == '\'';
}

/// Reads a template into its parts. `shell` is false inside a command: no files, no commands there.
class Reader {
 public:
  Reader(std::string_view source, bool outside_shell)
      : source_(source), outside_shell_(outside_shell) {}

  std::vector<Part> read() {
    while (at_ < source_.size()) {
      if (!dollar() && !file() && !shell()) {
        text_ += source_[at_++];
      }
    }
    flush();
    return std::move(parts_);
  }

 private:
  void flush() {
    if (!text_.empty()) {
      parts_.push_back({Part::Kind::kText, std::move(text_), 0});
      text_.clear();
    }
  }
  void add(Part part, std::size_t length) {
    flush();
    parts_.push_back(std::move(part));
    at_ += length;
  }
  bool after_blank() const { return at_ == 0 || text::is_space(source_[at_ - 1]); }

  bool dollar() {
    if (source_.substr(at_).starts_with("\\$")) {
      text_ += '$';
      at_ += 2;
      return true;
    }
    constexpr std::string_view kAll = "$ARGUMENTS";
    if (source_.substr(at_).starts_with(kAll)) {
      add({Part::Kind::kAll, "", 0}, kAll.size());
      return true;
    }
    const bool number = source_[at_] == '$' && at_ + 1 < source_.size() &&
                        source_[at_ + 1] >= '1' && source_[at_ + 1] <= '9' &&
                        (at_ + 2 >= source_.size() || !text::is_digit(source_[at_ + 2]));
    if (number) {
      add({Part::Kind::kNumber, "", source_[at_ + 1] - '0'}, 2);
    }
    return number;
  }

  bool file() {
    if (!outside_shell_ || source_[at_] != '@' || !after_blank()) {
      return false;
    }
    std::size_t end = at_ + 1;
    while (end < source_.size() && !ends_path(source_[end])) {
      ++end;
    }
    while (end > at_ + 1 && (source_[end - 1] == '.' || source_[end - 1] == ':')) {
      --end;
    }
    const std::string path(source_.substr(at_ + 1, end - at_ - 1));
    if (path.empty() || text::contains(path, "$")) {
      return false;
    }
    add({Part::Kind::kFile, path, 0}, end - at_);
    return true;
  }

  bool shell() {
    if (!outside_shell_ || !source_.substr(at_).starts_with("!`") || !after_blank()) {
      return false;
    }
    const std::size_t end = source_.find('`', at_ + 2);
    if (end == std::string_view::npos || end == at_ + 2) {
      return false;
    }
    add({Part::Kind::kShell, std::string(source_.substr(at_ + 2, end - at_ - 2)), 0},
        end + 1 - at_);
    return true;
  }

  std::string_view source_;
  bool outside_shell_;
  std::size_t at_ = 0;
  std::string text_;
  std::vector<Part> parts_;
};

/// The arguments, and what each placeholder stands for.
struct Filling {
  std::string all;
  std::vector<std::string> words;
  int highest = 0;  ///< the placeholder that takes all that is left

  std::vector<std::string> of(int number) const {
    const auto first = static_cast<std::size_t>(number - 1);
    if (first >= words.size()) {
      return {};
    }
    if (number < highest) {
      return {words[first]};
    }
    return {words.begin() + static_cast<std::ptrdiff_t>(first), words.end()};
  }
};

void note_numbers(const std::vector<Part>& parts, Filling& filling, bool& named) {
  for (const Part& part : parts) {
    if (part.kind == Part::Kind::kShell) {
      note_numbers(Reader(part.text, false).read(), filling, named);
    }
    named = named || part.kind == Part::Kind::kAll || part.kind == Part::Kind::kNumber;
    filling.highest = std::max(filling.highest, part.number);
  }
}

Result<std::string> command_line(std::string_view source, const Filling& filling) {
  std::vector<ShellPiece> pieces;
  for (Part& part : Reader(source, false).read()) {
    if (part.kind == Part::Kind::kAll || part.kind == Part::Kind::kNumber) {
      pieces.push_back(
          {true, "", part.kind == Part::Kind::kAll ? filling.words : filling.of(part.number)});
    } else {
      pieces.push_back({false, std::move(part.text), {}});
    }
  }
  auto line = fill_shell(pieces);
  if (!line) {
    return fail(Code::kConfiguration,
                "`{}` takes no arguments where it has them: {}; change the command's file (\\$ is "
                "a $ of the command itself)",
                text::escape_visible(text::truncate_utf8(source, 200)), line.error().message());
  }
  return line;
}

std::string bounded(std::string_view output) {
  const std::string_view kept = text::truncate_utf8(output, kMostBytes);
  std::string out(kept);
  if (kept.size() < output.size()) {
    out += fmt::format("\n[{} bytes left out]\n", output.size() - kept.size());
  }
  return out;
}

Task<Result<std::string>> filled(Part part, const Filling& filling, CommandWorld& world) {
  if (part.kind == Part::Kind::kAll) {
    co_return filling.all;
  }
  if (part.kind == Part::Kind::kNumber) {
    co_return text::join(filling.of(part.number), " ");
  }
  if (part.kind == Part::Kind::kFile) {
    auto read = co_await world.read(part.text);
    if (!read && read.error().code() == Code::kNotFound) {
      co_return "@" + part.text;
    }
    if (!read) {
      co_return fail(std::move(read).error());
    }
    co_return fmt::format("@{}\n<file path=\"{}\">\n{}\n</file>\n", part.text, part.text,
                          bounded(*read));
  }
  if (part.kind == Part::Kind::kShell) {
    OAP_CO_TRY(std::string line, command_line(part.text, filling));
    auto output = co_await world.run(std::move(line));
    if (!output) {
      co_return fail(std::move(output).error());
    }
    co_return bounded(*output);
  }
  co_return std::move(part.text);
}

}  // namespace

Task<Result<Expansion>> expand_command(CommandDefinition command, std::string arguments,
                                       CommandWorld& world) {
  std::vector<Part> parts = Reader(command.body, true).read();
  Filling filling{std::move(arguments), {}, 0};
  filling.words = split_arguments(filling.all);
  bool named = false;
  note_numbers(parts, filling, named);
  Expansion expansion{"", command.agent, command.model, command.subtask, command.allowed_tools};
  int reads = 0;
  for (Part& part : parts) {
    const bool reads_more = part.kind == Part::Kind::kFile || part.kind == Part::Kind::kShell;
    if (reads_more && ++reads > kMostReads) {
      co_return fail(Code::kResourceExhausted, "/{} reads more than {} files and commands",
                     command.name, kMostReads);
    }
    auto text = co_await filled(std::move(part), filling, world);
    if (!text) {
      co_return fail(std::move(text).error().with_context("/" + command.name));
    }
    expansion.text += *text;
  }
  if (!named && !text::trim(filling.all).empty()) {
    expansion.text += "\n\n" + filling.all;
  }
  co_return expansion;
}

}  // namespace oap::session
