#include <algorithm>

#include "llm/offline_cursor.hpp"
#include "text/strings.hpp"

namespace oap::llm::offline {
namespace {

Call read(const std::string& path) {
  if (path.find_first_of("*?[{") != std::string::npos) {
    Call made = glob(path, "");
    made.follow = Call::Follow::kReadAll;
    return made;
  }
  const std::string name = path.substr(path.find_last_of('/') + 1);
  if (name.find('.') != std::string::npos || path.find('/') != std::string::npos) {
    return call("read_file", with("path", path));
  }
  // A bare name such as README: whatever its case and extension are.
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const std::string lower = text::lower_ascii(name);
  const std::string title = upper.substr(0, 1) + lower.substr(1);
  std::vector<std::string> forms = {name};
  for (const std::string& form : {upper, lower, title}) {
    if (std::find(forms.begin(), forms.end(), form) == forms.end()) {
      forms.push_back(form);
    }
  }
  Call made = glob("{" + text::join(forms, ",") + "}*", "");
  made.follow = Call::Follow::kReadBest;
  return made;
}

int take_number(Cursor& cursor) {
  const Word* word = cursor.peek();
  if (word == nullptr || !word->plain() || word->text.size() > 7 ||
      !std::all_of(word->text.begin(), word->text.end(), text::is_digit)) {
    return 0;
  }
  return std::stoi(cursor.next().text);
}

/// "first 10 lines of", "last 5 lines of", "lines 3 to 9 of".
struct Range {
  int first = 0;
  int count = 0;
  bool from_end = false;
};

std::optional<Range> take_range(Cursor& cursor) {
  Cursor tried = cursor;
  tried.skip_articles();
  Range range;
  if (tried.take({"lines"})) {
    range.first = take_number(tried);
    tried.take({"to", "-", "through", "and"});
    range.count = take_number(tried) - range.first + 1;
    if (range.first < 1) {
      return std::nullopt;
    }
  } else {
    range.from_end = tried.is("last");
    if (!tried.take({"first", "last", "top"})) {
      return std::nullopt;
    }
    range.first = 1;
    range.count = take_number(tried);
    if (range.count == 0 && tried.is("line")) {
      range.count = 1;
    }
    if (!tried.take({"lines", "line"})) {
      return std::nullopt;
    }
  }
  if (range.count < 1 || !tried.take({"of", "from", "in"})) {
    return std::nullopt;
  }
  cursor = tried;
  return range;
}

Call read_range(const std::string& path, const Range& range) {
  if (range.from_end) {
    return bash("tail -n " + std::to_string(range.count) + " -- " + shell_quote(path));
  }
  json::Object arguments = with("path", path);
  if (range.first > 1) {
    arguments["offset"] = range.first;
  }
  arguments["limit"] = range.count;
  return call("read_file", std::move(arguments));
}

bool is_about_lines(const Cursor& cursor) {
  Cursor tried = cursor;
  return (tried.take({"count"}) &&
          (tried.skip_articles(), tried.skip({"number", "of", "all", "the"}),
           tried.take({"lines"}))) ||
         (tried.take({"how"}) && tried.take({"many"}) && tried.take({"lines"}));
}

Calls parse_line_count(Cursor cursor) {
  cursor.skip({"count", "how", "many", "the", "number", "of", "all", "lines", "does", "are",
               "there", "in", "has"});
  const std::optional<std::string> file = take_file(cursor);
  cursor.skip({"have", "contain", "has"});
  if (!file || !cursor.ends()) {
    return std::nullopt;
  }
  return std::vector<Call>{bash("wc -l -- " + shell_quote(*file))};
}

/// "what is in FILE", "what does FILE say".
bool take_file_question(Cursor& cursor) {
  Cursor tried = cursor;
  if (tried.take({"what"}) && tried.take({"does"})) {
    cursor = tried;
    return true;
  }
  tried = cursor;
  if (tried.take({"what's", "whats"}) ||
      (tried.take({"what"}) && tried.take({"is", "are", "stands"}))) {
    tried.skip({"there", "written"});
    if (tried.take({"in", "inside"}) ||
        (tried.skip_articles(), tried.take({"content", "contents"}) && tried.take({"of"}))) {
      cursor = tried;
      return true;
    }
    return false;
  }
  return false;
}

/// "read all markdown files in docs", "read the src directory".
Calls parse_read_many(Cursor cursor) {
  if (!cursor.take({"read", "cat", "open"})) {
    return std::nullopt;
  }
  cursor.skip({"me", "us", "the"});
  Cursor tried = cursor;
  if (tried.take({"directory", "folder"}) ||
      (tried.peek(1) != nullptr &&
       (tried.peek(1)->lower == "directory" || tried.peek(1)->lower == "folder"))) {
    const std::optional<std::string> place =
        tried.done() ? std::nullopt : std::optional(tried.next().text);
    tried.take({"directory", "folder"});
    return place && tried.ends() && *place != "current" && *place != "working"
               ? Calls({call("list_dir", with("path", *place))})
               : std::nullopt;
  }
  if (!cursor.take({"all", "every", "each"})) {
    return std::nullopt;
  }
  cursor.skip({"the", "of"});
  std::string wildcard = "*";
  if (!cursor.done() && !cursor.is_any({"files", "file"})) {
    wildcard = wildcard_of(*cursor.peek());
    if (wildcard.empty()) {
      return std::nullopt;
    }
    cursor.next();
  }
  if (!cursor.take({"files", "file"})) {
    return std::nullopt;
  }
  const std::string place = take_place(cursor).value_or(".");
  if (!cursor.ends()) {
    return std::nullopt;
  }
  Call made = glob(wildcard == "*" ? wildcard : "**/" + wildcard, place);
  made.follow = Call::Follow::kReadAll;
  return std::vector<Call>{std::move(made)};
}

}  // namespace

Calls parse_read(Cursor cursor) {
  if (is_about_lines(cursor)) {
    return parse_line_count(cursor);
  }
  if (Calls many = parse_read_many(cursor)) {
    return many;
  }
  const bool asked = take_file_question(cursor);
  if (!asked) {
    if (cursor.take({"look"})) {
      if (!cursor.take({"at", "into"})) {
        return std::nullopt;
      }
    } else if (!cursor.take({"read", "show", "print", "display", "cat", "open", "view", "output",
                             "dump", "give"})) {
      return std::nullopt;
    }
  }
  cursor.skip({"me", "us", "out", "to", "the", "full", "entire", "whole", "complete", "all"});
  const std::optional<Range> range = take_range(cursor);
  cursor.skip({"the", "full"});
  if (cursor.take({"contents", "content", "text", "source", "body"})) {
    cursor.take({"code"});
    if (!cursor.take({"of", "in", "from"})) {
      return std::nullopt;
    }
  }
  cursor.skip({"the", "files"});
  std::vector<std::string> files;
  do {
    cursor.take({"and", "&"});
    const std::optional<std::string> file = take_file(cursor);
    if (!file) {
      return std::nullopt;
    }
    files.push_back(*file);
  } while (!cursor.done() && (cursor.comma_before() || cursor.is_any({"and", "&"})));
  cursor.take({"files"});
  if (asked) {
    cursor.skip({"say", "contain", "look", "like"});
  }
  if (const std::optional<std::string> place = take_place(cursor); place && *place != ".") {
    for (std::string& file : files) {
      file = (place->ends_with('/') ? *place : *place + "/") + file;
    }
  }
  cursor.skip({"to", "me", "us", "here"});
  if (!cursor.ends()) {
    return std::nullopt;
  }
  std::vector<Call> calls;
  for (const std::string& file : files) {
    if (file == "." || file.ends_with('/')) {
      calls.push_back(call("list_dir", with("path", file)));
    } else {
      calls.push_back(range ? read_range(file, *range) : read(file));
    }
  }
  return calls;
}

Calls parse_skills(Cursor cursor, const Offer& offer) {
  bool named = false;
  while (!cursor.done()) {
    named = named || cursor.is("skills");
    if (!cursor.take({"list",    "show",   "me",       "all",     "the",      "available",
                      "skills",  "what",   "which",    "are",     "there",    "do",
                      "you",     "have",   "i",        "can",     "use",      "installed",
                      "display", "print",  "my",       "your",    "every",    "of",
                      "a",       "please", "existing", "names",   "name",     "configured",
                      "here",    "in",     "this",     "project", "workspace"})) {
      return std::nullopt;
    }
  }
  if (!named) {
    return std::nullopt;
  }
  if (offer.has("skill")) {
    return std::vector<Call>{call("skill", {})};
  }
  Call own = glob("**/*.md", ".opencode/skills");
  Call foreign = glob("**/*.md", ".claude/skills");
  own.optional = true;
  foreign.optional = true;
  return std::vector<Call>{std::move(own), std::move(foreign)};
}

namespace {

/// "list src", "list the directory src", "ls": the verb alone with a directory.
std::optional<std::string> take_bare_directory(Cursor& cursor) {
  cursor.skip({"the", "directory", "folder"});
  if (cursor.done()) {
    return ".";
  }
  const Word* after = cursor.peek(1);
  const bool directory =
      after == nullptr || after->lower == "directory" || after->lower == "folder";
  if (cursor.peek()->text.starts_with('-') || !(is_path(*cursor.peek()) || directory)) {
    return std::nullopt;
  }
  std::string place = cursor.next().text;
  cursor.take({"directory", "folder"});
  return place;
}

}  // namespace

Calls parse_list(Cursor cursor) {
  const bool lists = cursor.is_any({"list", "ls", "enumerate"});
  bool asked = false;
  if (cursor.take({"what", "which"})) {
    asked = true;
  } else if (!cursor.take({"list", "ls", "enumerate", "show", "display", "print"})) {
    return std::nullopt;
  }
  cursor.skip({"me", "us", "out", "all", "the", "every", "of", "available", "names", "existing"});
  std::string wildcard;
  if (!cursor.done() && !cursor.is_any({"files", "file"})) {
    wildcard = wildcard_of(*cursor.peek());
    if (!wildcard.empty()) {
      cursor.next();
    }
  }
  const bool written = !wildcard.empty() && cursor.done();
  bool named = cursor.take({"files", "file", "everything", "entries", "items"});
  if (!named && cursor.is("directory") && cursor.peek(1) != nullptr &&
      (cursor.peek(1)->lower == "contents" || cursor.peek(1)->lower == "listing")) {
    cursor.take({"directory"});
    named = cursor.take({"contents", "listing"});
  }
  if (named && cursor.take({"and"})) {
    named = cursor.take({"folders", "directories", "subdirectories"});
  }
  named = named || cursor.take({"folders", "directories"});
  if (!named && cursor.take({"contents", "content"})) {
    named = cursor.is("of") && (lists || cursor.is("of"));
  }
  if (asked) {
    if (!named || !cursor.take({"are", "do", "exist", "is"})) {
      return std::nullopt;
    }
    cursor.skip({"there", "we", "i", "you", "have", "located"});
  }
  std::optional<std::string> place = take_place(cursor);
  if (!place && lists && !named && wildcard.empty()) {
    place = take_bare_directory(cursor);
  }
  if (!named && !place && !written) {
    return std::nullopt;
  }
  const bool deep = cursor.take({"recursively"}) ||
                    (cursor.take({"and", "including", "with"}) &&
                     (cursor.skip({"all", "its"}), cursor.take({"subdirectories", "subfolders"})));
  if (!cursor.ends()) {
    return std::nullopt;
  }
  const std::string where = place.value_or(".");
  if (!wildcard.empty()) {
    return std::vector<Call>{glob("**/" + wildcard, where)};
  }
  if (deep) {
    return std::vector<Call>{glob("**/*", where)};
  }
  // Without "contents of …" a file is no directory: "show the contents of a.txt" is a reading.
  if (!lists && place && is_path(Word{.text = where}) && where != "." && !where.ends_with('/') &&
      where.find('.') != std::string::npos) {
    return std::nullopt;
  }
  return std::vector<Call>{call("list_dir", with("path", where))};
}

}  // namespace oap::llm::offline
