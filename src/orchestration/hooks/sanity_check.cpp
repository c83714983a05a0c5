#include "orchestration/hooks/sanity_check.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "session/system_messages.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kShort = 50;
constexpr std::size_t kSample = 4'000;
constexpr std::size_t kAlnumRun = 32;
constexpr std::size_t kAnyRun = 1'000;
constexpr int kMaxInRow = 2;

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::optional<std::string> long_run(std::string_view text) {
  std::size_t run = 1;
  for (std::size_t i = 1; i < text.size(); ++i) {
    run = text[i] == text[i - 1] ? run + 1 : 1;
    if (run >= (is_alnum(text[i]) ? kAlnumRun : kAnyRun)) {
      return fmt::format("one character repeated {} times and more", run);
    }
  }
  return std::nullopt;
}

std::optional<std::string> repeated_unit(std::string_view text) {
  constexpr std::size_t kRepeats = 24;
  for (std::size_t unit = 2; unit <= 8; ++unit) {
    std::size_t same = 0;
    bool has_alnum = false;
    for (std::size_t i = unit; i < text.size(); ++i) {
      same = text[i] == text[i - unit] ? same + 1 : 0;
      has_alnum = same == 0 ? false : has_alnum || is_alnum(text[i]);
      if (same >= unit * kRepeats && has_alnum) {
        return fmt::format("a unit of {} bytes repeated {} times", unit, kRepeats);
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> low_entropy(std::string_view text) {
  std::array<std::size_t, 256> counts{};
  std::size_t total = 0;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r' && total < kSample) {
      ++counts[static_cast<unsigned char>(c)];
      ++total;
    }
  }
  if (total < 200) {
    return std::nullopt;
  }
  std::size_t distinct = 0;
  double entropy = 0;
  bool letters = false;
  for (std::size_t byte = 0; byte < counts.size(); ++byte) {
    if (counts[byte] == 0) {
      continue;
    }
    ++distinct;
    letters = letters || is_alnum(static_cast<char>(byte));
    const double share = static_cast<double>(counts[byte]) / static_cast<double>(total);
    entropy -= share * std::log2(share);
  }
  if (letters && distinct < 6 && entropy < 1.5) {
    return fmt::format("only {} different characters", distinct);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_anomaly(std::string_view text) {
  if (text.size() < kShort) {
    return std::nullopt;
  }
  for (const auto detector : {long_run, repeated_unit, low_entropy}) {
    if (auto found = detector(text)) {
      return found;
    }
  }
  return std::nullopt;
}

Task<Result<hooks::DoneVerdict>> SanityCheckHook::done(const hooks::Context& /*context*/,
                                                       std::string final_text) {
  hooks::DoneVerdict verdict;
  const std::optional<std::string> anomaly = find_anomaly(final_text);
  if (!anomaly) {
    anomalies_ = 0;
    co_return verdict;
  }
  if (++anomalies_ > kMaxInRow) {
    verdict.action = hooks::DoneVerdict::Action::kStop;
    verdict.reason = "the output is degenerate again: " + *anomaly;
    co_return verdict;
  }
  verdict.action = hooks::DoneVerdict::Action::kInject;
  verdict.reason = *anomaly;
  verdict.prompts.push_back(session::SystemMessages::anomaly(anomalies_, *anomaly));
  co_return verdict;
}

}  // namespace oap::orchestration
