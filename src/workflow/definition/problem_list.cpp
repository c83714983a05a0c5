#include "workflow/definition/problem_list.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace oap::workflow {

std::string shown(std::string_view name) {
  constexpr std::size_t kMaxBytes = 80;
  const std::string_view cut = text::truncate_utf8(name, kMaxBytes);
  return text::escape_visible(cut) + (cut.size() < name.size() ? "…" : "");
}

ProblemList::ProblemList(std::string_view file, const Lines* lines, std::vector<Problem>& out)
    : file_(file), lines_(lines), out_(out) {
  for (const Problem& problem : out_) {
    seen_.insert(problem.where + "\n" + problem.message);
    errors_ += problem.warning ? 0U : 1U;
  }
}

int ProblemList::line_of(std::string_view pointer) const {
  if (lines_ == nullptr) {
    return 0;
  }
  const auto found = lines_->find(pointer);
  return found == lines_->end() ? 0 : found->second;
}

int ProblemList::line(const Place& place, std::initializer_list<std::string_view> keys) const {
  for (const std::string_view key : keys) {
    if (const int line = line_of(place.pointer + "/" + std::string(key)); line > 0) {
      return line;
    }
  }
  return place.line;
}

void ProblemList::add(int line, std::string message, bool warning) {
  std::string where = line > 0 && !file_.empty() ? fmt::format("{}:{}", file_, line) : file_;
  if (!seen_.insert(where + "\n" + message).second) {
    return;
  }
  if (out_.size() >= kMax) {
    const auto spare =
        std::find_if(out_.rbegin(), out_.rend(), [](const Problem& each) { return each.warning; });
    if (warning || spare == out_.rend()) {
      return;
    }
    out_.erase(std::next(spare).base());
  }
  errors_ += warning ? 0U : 1U;
  out_.push_back({std::move(where), std::move(message), warning});
}

}  // namespace oap::workflow
