#include "orchestration/mission/command_list.hpp"

#include <string>

#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

class Splitter {
 public:
  explicit Splitter(std::string_view source) : source_(source) {}

  std::optional<std::vector<ListPart>> run() {
    while (at_ < source_.size()) {
      if (!step()) {
        return std::nullopt;
      }
    }
    end_part(ListPart::Join::kThen, 0);
    return depth_ == 0 ? std::optional(std::move(parts_)) : std::nullopt;
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }

  bool step() {
    const char c = peek();
    if (c == '\\') {
      at_ += 2;
    } else if (c == '\'' || c == '"' || c == '`') {
      return skip_quoted(c);
    } else if (c == '(' || (c == '{' && at_ > 0 && source_[at_ - 1] == '$')) {
      ++depth_;
      ++at_;
    } else if (c == ')' || (c == '}' && depth_ > 0)) {
      depth_ -= depth_ > 0 ? 1 : 0;
      ++at_;
    } else if (c == '#' && (at_ == 0 || text::is_space(source_[at_ - 1]))) {
      at_ = std::min(source_.find('\n', at_), source_.size());
    } else if (c == '<' && peek(1) == '<') {
      note_here_document();
    } else if (depth_ == 0) {
      operators(c);
    } else {
      ++at_;
    }
    return true;
  }

  bool skip_quoted(char quote) {
    const bool raw = quote == '\'' && (at_ == 0 || source_[at_ - 1] != '$');
    for (++at_; at_ < source_.size(); ++at_) {
      if (source_[at_] == '\\' && !raw) {
        ++at_;
      } else if (source_[at_] == quote) {
        ++at_;
        return true;
      }
    }
    return false;
  }

  void note_here_document() {
    if (peek(2) == '<') {
      at_ += 3;
      return;
    }
    at_ += 2;
    at_ += peek() == '-' ? 1 : 0;
    while (peek() == ' ') {
      ++at_;
    }
    std::string name;
    while (at_ < source_.size() && !text::is_space(peek()) && peek() != ';' && peek() != '|' &&
           peek() != '&' && peek() != ')') {
      const char c = source_[at_++];
      if (c != '\'' && c != '"' && c != '\\') {
        name += c;
      }
    }
    documents_.push_back(std::move(name));
  }

  void operators(char c) {
    const bool of_redirect = at_ > 0 && (source_[at_ - 1] == '>' || source_[at_ - 1] == '<');
    if (c == '&' && (of_redirect || peek(1) == '>')) {
      ++at_;
    } else if (c == '|' && of_redirect) {
      ++at_;
    } else if (c == '&' && peek(1) == '&') {
      end_part(ListPart::Join::kAnd, 2);
    } else if (c == '|' && peek(1) == '|') {
      end_part(ListPart::Join::kOr, 2);
    } else if (c == '|') {
      end_part(ListPart::Join::kPipe, peek(1) == '&' ? 2 : 1);
    } else if (c == '&') {
      background_ = true;
      end_part(ListPart::Join::kThen, 1);
    } else if (c == ';') {
      end_part(ListPart::Join::kThen, 1);
    } else if (c == '\n') {
      end_line();
    } else {
      ++at_;
    }
  }

  void end_line() {
    end_part(ListPart::Join::kThen, 1);
    for (const std::string& name : documents_) {
      while (at_ < source_.size()) {
        const std::size_t end = std::min(source_.find('\n', at_), source_.size());
        const std::string_view line = source_.substr(at_, end - at_);
        at_ = std::min(end + 1, source_.size());
        if (text::trim(line) == name) {
          break;
        }
      }
    }
    documents_.clear();
    begin_ = at_;
  }

  void end_part(ListPart::Join next, std::size_t width) {
    const std::string_view part = text::trim(source_.substr(begin_, at_ - begin_));
    at_ += width;
    begin_ = at_;
    if (!part.empty()) {
      parts_.push_back({part, parts_.empty() ? ListPart::Join::kFirst : join_, background_});
      join_ = next;
    }  // a line may end behind an operator, which then still stands
    background_ = false;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  int depth_ = 0;
  bool background_ = false;
  ListPart::Join join_ = ListPart::Join::kFirst;
  std::vector<std::string> documents_;
  std::vector<ListPart> parts_;
};

}  // namespace

std::optional<std::vector<ListPart>> split_list(std::string_view command) {
  return Splitter(command).run();
}

}  // namespace oap::orchestration
