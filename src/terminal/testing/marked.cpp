#include "terminal/testing/marked.hpp"

#include "text/utf8.hpp"

namespace oap::terminal::testing {

std::string marked(const Line& line) {
  std::string out;
  for (const Span& span : line) {
    std::string look;
    look += span.style.bold ? "b" : "";
    look += span.style.dim ? "d" : "";
    look += span.style.italic ? "i" : "";
    look += span.style.underline ? "u" : "";
    look += span.style.strike ? "s" : "";
    look += span.style.reverse ? "r" : "";
    const char colour = " RGYBMCK"[static_cast<std::size_t>(span.style.colour)];
    look += colour == ' ' ? "" : std::string(1, colour);
    out += look.empty() ? span.text : "{" + look + ":" + span.text + "}";
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at, 2) == "\\e") {
      out += '\x1b';
      ++at;
    } else if (text.substr(at, 2) == "\\x" && at + 3 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(at + 2, 2)), nullptr, 16));
      at += 3;
    } else {
      out += text[at];
    }
  }
  return out;
}

bool has_control(std::string_view text) {
  for (const text::CodePoint point : text::CodePoints(text)) {
    if (!point.valid || point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0)) {
      return true;
    }
  }
  return false;
}

}  // namespace oap::terminal::testing
