#include <algorithm>
#include <iterator>

#include "llm/offline_cursor.hpp"

namespace oap::llm::offline {
namespace {

/// What a regular expression needs to find just this text.
std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

/// "find files named *.py in src", "find all Python files", "find main.py".
Calls parse_find_files(Cursor cursor) {
  cursor.skip({"me", "all", "the", "every", "any", "a", "for"});
  std::string pattern;
  const bool file_first = cursor.take({"files", "file"});
  if (file_first) {
    cursor.skip({"that", "which", "are", "is", "with", "the", "a"});
    if (cursor.take({"named", "called", "matching", "name", "names", "pattern", "like"})) {
      cursor.skip({"match", "like"});
    } else if (cursor.take({"ending", "end"})) {
      cursor.take({"in", "with"});
    } else {
      cursor.skip({"extension"});
    }
  }
  const Word* word = cursor.peek();
  if (word == nullptr) {
    return std::nullopt;
  }
  const Word* after = cursor.peek(1);
  const bool files_after = after != nullptr && (after->lower == "files" || after->lower == "file");
  const std::string wildcard = wildcard_of(*word);
  if (!wildcard.empty() && (file_first || files_after || word->text.starts_with('*'))) {
    pattern = wildcard;
  } else if ((file_first && (word->literal() || word->plain())) ||
             (word->plain() && is_path(*word) && word->text.find('/') == std::string::npos)) {
    pattern = word->text;
  } else {
    return std::nullopt;
  }
  cursor.next();
  cursor.take({"files", "file"});
  const std::string where = take_place(cursor).value_or(".");
  if (!cursor.ends()) {
    return std::nullopt;
  }
  return std::vector<Call>{
      glob(pattern.find('/') == std::string::npos ? "**/" + pattern : pattern, where)};
}

struct Term {
  std::string pattern;
};

/// Written like a name in code rather than like an English word.
bool is_symbol(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return c < 'a' || c > 'z'; });
}

/// `loose`: any word may be the text; else "find bugs" asks for more than a search.
std::optional<Term> take_term(Cursor& cursor, bool loose) {
  bool article = cursor.is("the");
  cursor.skip({"all", "the", "any", "every", "each"});
  if (cursor.take({"occurrences", "uses", "usages", "mentions", "references", "instances",
                   "occurrence", "lines", "places"})) {
    if (!cursor.take({"of", "to", "containing", "with", "matching", "where"})) {
      return std::nullopt;
    }
  }
  cursor.skip({"the"});
  const bool regex = cursor.take({"regex", "pattern", "regexp"});
  cursor.skip({"word", "string", "text", "term", "phrase", "function", "class", "variable",
               "symbol", "keyword"});
  const Word* word = cursor.peek();
  if (word == nullptr || word->kind == Word::Kind::kJson) {
    return std::nullopt;
  }
  const std::string_view none[] = {"in", "for", "out", "how", "where", "what", "why", "a", "an"};
  if (word->plain() && std::find(std::begin(none), std::end(none), word->lower) != std::end(none)) {
    return std::nullopt;
  }
  if (word->plain() && (article || !loose) && !is_symbol(word->text)) {
    return std::nullopt;
  }
  Term term{regex ? word->text : escape(word->text)};
  cursor.next();
  cursor.skip({"comments", "comment", "strings", "markers", "statements"});
  return term;
}

Calls grep(const Term& term, std::string_view place) {
  json::Object arguments = with("pattern", term.pattern);
  if (!place.empty() && place != ".") {
    arguments["path"] = place;
  }
  return std::vector<Call>{call("grep", std::move(arguments))};
}

/// "find all files containing 'x' in src", "which files contain 'x'"; behind the verb.
Calls parse_files_with(Cursor cursor) {
  cursor.skip({"me", "all", "the", "every", "any"});
  if (!cursor.take({"files", "file"})) {
    return std::nullopt;
  }
  cursor.skip({"that", "which"});
  if (!cursor.take({"containing", "contain", "contains", "mention", "mentioning", "mentions"})) {
    return std::nullopt;
  }
  const std::optional<Term> term = take_term(cursor, true);
  const std::string place = take_place(cursor).value_or(".");
  return term && cursor.ends() ? grep(*term, place) : std::nullopt;
}

}  // namespace

Calls parse_search(Cursor cursor) {
  if (cursor.take({"where"})) {
    if (!cursor.take({"is", "are"})) {
      return std::nullopt;
    }
    const std::optional<Term> term = take_term(cursor, true);
    if (!term || !cursor.take({"used", "defined", "mentioned", "called", "declared"})) {
      return std::nullopt;
    }
    const std::string place = take_place(cursor).value_or(".");
    return cursor.ends() ? grep(*term, place) : std::nullopt;
  }
  Cursor asked = cursor;
  if (asked.take({"which", "what", "find", "search", "list", "show", "locate"})) {
    asked.take({"for"});
    if (Calls files = parse_files_with(asked)) {
      return files;
    }
  }
  const bool finds = cursor.is_any({"find", "locate", "search"});
  const bool loose = cursor.is_any({"search", "grep", "look"});
  if (cursor.take({"look"})) {
    if (!cursor.is("for")) {
      return std::nullopt;
    }
  } else if (!cursor.take({"search", "find", "grep", "locate", "scan"})) {
    return std::nullopt;
  }
  if (finds) {
    if (Calls files = parse_find_files(cursor)) {
      return files;
    }
  }
  Cursor tried = cursor;
  tried.take({"in", "through", "all"});
  if (!tried.is_any({"for"})) {
    // "search src for X", "search the codebase for X"
    std::optional<std::string> place;
    tried.skip({"the", "whole", "entire"});
    if (tried.take({"codebase", "project", "workspace", "repository", "repo", "files", "code"})) {
      place = ".";
    } else if (!tried.done() && tried.peek(1) != nullptr &&
               (tried.peek(1)->lower == "for" ||
                (tried.peek(2) != nullptr && tried.peek(2)->lower == "for"))) {
      place = tried.next().text;
      tried.take({"directory", "folder", "file"});
    }
    if (place && tried.take({"for"})) {
      const std::optional<Term> term = take_term(tried, true);
      return term && tried.ends() ? grep(*term, *place) : std::nullopt;
    }
  }
  cursor.take({"for"});
  const std::optional<Term> term = take_term(cursor, loose);
  if (!term) {
    return std::nullopt;
  }
  const std::optional<std::string> place = take_place(cursor);
  cursor.take({"recursively"});
  return cursor.ends() ? grep(*term, place.value_or(".")) : std::nullopt;
}

}  // namespace oap::llm::offline
