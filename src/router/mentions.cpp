#include "router/mentions.hpp"

#include <algorithm>

#include "router/names.hpp"

namespace oap::router {

using TokenKind = Token::Kind;

void Mentions::note(const Line& line, std::size_t i) {
  const Unit& unit = line[i];
  if (unit.kind == TokenKind::kPath) {
    files.insert(unit.text);
  } else if (unit.kind == TokenKind::kUrl) {
    add_dependency(host_of(unit.text));
  } else if (unit.kind == TokenKind::kHost) {
    add_dependency(unit.text.substr(0, unit.text.find_first_of("/:")));
  } else if (unit.is_word() && is_bare_file_name(unit.text)) {
    files.insert(unit.text);
  } else if (unit.is(Kind::kFileNoun) && i > 0 && line[i - 1].kind == TokenKind::kNumber &&
             line[i - 1].text.size() < 6) {
    counted_files = std::max(counted_files, std::stoi(line[i - 1].text));
  }
}

void Mentions::weigh(const Line& line, std::size_t i) {
  const Unit& unit = line[i];
  scope_words += unit.is(Kind::kScope) ? 1 : 0;
  hard_words += unit.is(Kind::kHard) ? 1 : 0;
  if (!unit.is(Kind::kService)) {
    return;
  }
  const bool local =
      i + 1 < line.size() && (line[i + 1].is(Kind::kLocal) || line[i + 1].kind == TokenKind::kPath);
  if (!local) {
    add_dependency(unit.text);
  }
}

void Mentions::add_dependency(std::string name) {
  if (!name.empty() && !is_loopback(name) && known_.insert(name).second) {
    dependencies.push_back(std::move(name));
  }
}

}  // namespace oap::router
