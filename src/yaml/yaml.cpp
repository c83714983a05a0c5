#include "yaml/yaml.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <sstream>
#include <utility>

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "text/utf8.hpp"
#include "yaml/builder.hpp"
#include "yaml/question_marks.hpp"
#include "yaml/surrogates.hpp"

namespace oap::yaml {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

tl::unexpected<Error> fail_at(const std::string& file, int line, std::string_view message) {
  return fail(Code::kConfiguration, "{}:{}: {}", file, line, message);
}

struct Advice {
  std::string_view theirs;
  std::string_view ours;
};

/// yaml-cpp's terse messages, by their beginning, in words that say what to do.
constexpr std::array<Advice, 17> kAdvice{{
    {"illegal map value", "a ':' stands where no key can be; put the text into quotes"},
    {"end of map not found", "this line does not continue the map above it; check its indentation"},
    {"end of sequence not found",
     "this line does not continue the list above it; check its indentation"},
    {"end of sequence flow not found", "a '[' is not closed with ']', or a ',' is missing"},
    {"end of map flow not found",
     "a '{' is not closed with '}', or a ',' is missing; inside {} texts such as ${VAR} need "
     "quotes"},
    {"illegal flow end", "a ']' or '}' closes nothing; put the text into quotes"},
    {"illegal block entry", "a '- ' stands where no list item can be"},
    {"unknown escape character", "unknown escape in a double-quoted text; use single quotes"},
    {"illegal document indicator in scalar", "a quoted text that begins above is never closed"},
    {"illegal tabs", "a tab is used for indentation; use spaces"},
    {"illegal character in scalar", "text cannot begin with this character; put it into quotes"},
    {"unknown token", "text cannot begin with this character; put it into quotes"},
    {"alias not found after *", "text that begins with '*' must be in quotes"},
    {"anchor not found after &", "text that begins with '&' must be in quotes"},
    {"illegal character found while scanning alias", "text that begins with '*' must be in quotes"},
    {"illegal character found while scanning anchor",
     "text that begins with '&' must be in quotes"},
    {"the referenced anchor is not defined",
     "the alias names no anchor before it; put the text into quotes if '*' belongs to it"},
}};

std::string explain(std::string_view message) {
  for (const Advice& advice : kAdvice) {
    if (message.substr(0, advice.theirs.size()) == advice.theirs) {
      return std::string(advice.ours);
    }
  }
  return "not valid YAML: " + std::string(message);
}

/// yaml-cpp guesses other encodings and takes byte 4 for the end of the text: so nothing but
/// printable UTF-8 reaches it (YAML 1.2, section 5.1).
Result<void> check_characters(std::string_view text, const std::string& file) {
  int line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const text::CodePoint point = text::decode_at(text, at);
    if (!point.valid) {
      return fail_at(file, line, "the text is not UTF-8; save the file as UTF-8");
    }
    const char32_t c = point.value;
    const bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    if (control) {
      return fail_at(file, line, "a control character stands in the text; remove it");
    }
    line += c == '\n' ? 1 : 0;
    at += point.length;
  }
  return {};
}

Result<void> feed(const std::string& text, const std::string& file, Builder& builder) {
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (!builder.fault() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    // After an unclosed bracket yaml-cpp takes what follows for keys: its own message is the
    // better.
    if (!builder.fault() || builder.fault()->in_key) {
      const int line = error.mark.line < 0 ? 1 : error.mark.line + 1;
      return fail_at(file, line, explain(error.msg));
    }
  } catch (const std::exception& error) {
    return fail_at(file, 1, "not valid YAML: " + std::string(error.what()));
  }
  if (builder.fault()) {
    return fail_at(file, builder.fault()->line, builder.fault()->message);
  }
  return {};
}

}  // namespace

int Document::line(std::string_view pointer) const {
  while (true) {
    const auto found = lines.find(pointer);
    if (found != lines.end()) {
      return found->second;
    }
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) {
      return 1;
    }
    pointer = pointer.substr(0, slash);
  }
}

std::string Document::where(std::string_view pointer) const {
  return fmt::format("{}:{}", file, line(pointer));
}

Result<Document> parse(std::string_view text, std::string file, const Limits& limits) {
  if (text.substr(0, kBom.size()) == kBom) {
    text.remove_prefix(kBom.size());
  }
  if (text.size() > limits.max_bytes) {
    return fail_at(file, 1, fmt::format("the text is larger than {} bytes", limits.max_bytes));
  }
  OAP_CHECK_OK(check_characters(text, file));
  const Masked masked = mask_question_marks(join_surrogates(text));
  Builder builder(limits, masked.stand_in);
  // yaml-cpp takes the end of the text for a closing quote, but not the end of a document.
  const bool ended = text.empty() || text.back() == '\n';
  OAP_CHECK_OK(feed(masked.text + (ended ? "...\n" : "\n...\n"), file, builder));
  Document document;
  document.value = builder.take_value();
  if (document.value.is_null()) {
    document.value = json::Object();
  }
  document.lines = builder.take_lines();
  document.file = std::move(file);
  return document;
}

}  // namespace oap::yaml
