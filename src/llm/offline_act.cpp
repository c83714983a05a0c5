#include <algorithm>

#include "json/parse.hpp"
#include "llm/offline_cursor.hpp"
#include "text/strings.hpp"

namespace oap::llm::offline {
namespace {

constexpr std::string_view kPrograms =
    " ls pwd cat echo git npm npx node python python3 pip pytest make cmake ninja cargo go rustc "
    "bash sh "
    "docker kubectl curl wget grep find sed awk head tail wc sort uniq diff du df ps uname whoami "
    "date "
    "env printenv which tree touch mkdir cp mv chmod tar gzip unzip java javac mvn gradle gcc g++ "
    "clang "
    "ruby php perl yarn pnpm deno bun tsc eslint ruff mypy black true false sleep printf test stat "
    "file "
    "hostname id ";
constexpr std::string_view kBarePrograms = " pwd whoami date uname hostname id ";
constexpr std::string_view kGitCommands =
    " status log diff branch show add commit push pull fetch merge rebase stash checkout switch "
    "tag "
    "remote init clone reset blame restore rev-parse ls-files ";

bool in_list(std::string_view list, std::string_view word) {
  return !word.empty() && list.find(" " + std::string(word) + " ") != std::string_view::npos;
}

Calls one(Call call) {
  std::vector<Call> calls;
  calls.push_back(std::move(call));
  return calls;
}

Call python(std::string_view code) {
  json::Object arguments;
  arguments["code"] = code;
  return call("python", std::move(arguments));
}

/// "in the terminal", "command", "and show me the output".
bool ends_run(Cursor& cursor) {
  cursor.skip({"command", "script", "tool"});
  if (cursor.take({"in", "with", "using"})) {
    cursor.skip({"the", "a"});
    if (!cursor.take({"bash", "shell", "terminal", "workspace", "python"})) {
      return false;
    }
  }
  if (cursor.take({"and"})) {
    cursor.skip({"then"});
    if (!cursor.take({"show", "print", "tell", "give", "report", "display"})) {
      return false;
    }
    cursor.skip({"me", "us", "the", "its"});
    if (!cursor.take({"output", "result", "results"})) {
      return false;
    }
  }
  return cursor.ends();
}

std::string interpreter(std::string_view path) {
  if (path.ends_with(".py")) {
    return "python3 ";
  }
  if (path.ends_with(".sh") || path.ends_with(".bash")) {
    return "bash ";
  }
  return path.ends_with(".js") || path.ends_with(".mjs") ? "node " : "";
}

Calls parse_bare_command(const Cursor& cursor) {
  const Word* first = cursor.peek();
  const Word* second = cursor.peek(1);
  if (first == nullptr || !first->plain()) {
    return std::nullopt;
  }
  const bool alone = second == nullptr && in_list(kBarePrograms, first->text);
  const bool git = first->text == "git" && second != nullptr && in_list(kGitCommands, second->text);
  const bool ls = first->text == "ls" && second != nullptr && second->text.starts_with('-');
  const bool rm = first->text == "rm" && second != nullptr && second->text.starts_with('-');
  const bool echo = first->text == "echo" && second != nullptr;
  const bool grep = first->text == "grep" && second != nullptr && second->text.starts_with('-');
  const bool find = first->text == "find" && second != nullptr &&
                    (second->text == "." || second->text.starts_with("./"));
  return alone || git || ls || rm || echo || grep || find ? one(bash(cursor.raw_rest()))
                                                          : std::nullopt;
}

bool is_fence_of(const Word& word, std::string_view language, std::string_view short_name) {
  return word.info == language || word.info == short_name;
}

/// "text=Hello", "text: Hello" with or without quotes.
std::optional<json::Object> take_pairs(Cursor& cursor) {
  json::Object arguments;
  while (!cursor.done()) {
    cursor.take({"and"});
    if (cursor.done() || !cursor.peek()->plain()) {
      return std::nullopt;
    }
    const Word& word = cursor.next();
    const std::size_t equals = word.text.find('=');
    if (equals != std::string::npos && equals > 0) {
      std::string_view value = std::string_view(word.text).substr(equals + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      arguments[word.text.substr(0, equals)] = value;
    } else if (!cursor.done() && cursor.peek()->literal()) {
      arguments[word.text] = cursor.next().text;
    } else {
      return std::nullopt;
    }
  }
  return arguments.empty() ? std::nullopt : std::optional(std::move(arguments));
}

/// "with the content", "containing", "that says".
bool take_content_word(Cursor& cursor) {
  Cursor tried = cursor;
  bool found = tried.take({"containing", "saying"});
  if (!found && tried.take({"that", "which"})) {
    found = tried.take({"contains", "says", "reads"});
  }
  if (!found && tried.take({"with"})) {
    tried.skip({"the", "following", "exact"});
    found = tried.take({"content", "contents", "text", "line", "lines", "string"}) ||
            (!tried.done() && tried.peek()->literal());
    tried.take({"of"});
  }
  if (found) {
    tried.skip({"the"});
    tried.take({"text", "line", "word", "content"});
    cursor = tried;
  }
  return found;
}

/// What is to be written: quoted text, or one plain word after "containing".
std::optional<std::string> take_content(Cursor& cursor, bool plain_word) {
  const Word* word = cursor.peek();
  if (word == nullptr) {
    return std::nullopt;
  }
  const bool single = plain_word && word->plain() && cursor.peek(1) == nullptr &&
                      word->lower != "a" && word->lower != "the";
  if (!word->literal() && word->kind != Word::Kind::kJson && !single) {
    return std::nullopt;
  }
  return cursor.next().text;
}

Calls write(std::string_view path, std::string_view content) {
  json::Object arguments;
  arguments["path"] = path;
  arguments["content"] = content;
  return one(call("write_file", std::move(arguments)));
}

Calls append(std::string_view path, std::string_view content) {
  return one(bash("printf '%s\\n' " + shell_quote(content) + " >> " + shell_quote(path)));
}

/// "write 'x' to FILE", "append 'x' to FILE"; the cursor stands behind the verb.
Calls parse_content_first(Cursor cursor, bool appends) {
  cursor.skip({"the"});
  cursor.take({"text", "line", "word", "string", "content"});
  const std::optional<std::string> content = take_content(cursor, false);
  if (!content || !cursor.take({"to", "into", "in", "as"})) {
    return std::nullopt;
  }
  cursor.skip({"the", "end", "of", "a", "new"});
  const std::optional<std::string> file = take_file(cursor);
  if (!file || !cursor.ends()) {
    return std::nullopt;
  }
  return appends ? append(*file, *content) : write(*file, *content);
}

/// "create a file FILE with the content 'x'", "write to FILE: 'x'".
Calls parse_file_first(Cursor cursor, bool creates) {
  cursor.skip({"to", "into", "a", "an", "the", "new"});
  const bool empty = cursor.take({"empty"});
  cursor.skip({"new", "text", "blank"});
  const std::optional<std::string> file = take_file(cursor);
  if (!file || (!empty && file->ends_with('/'))) {
    return std::nullopt;
  }
  const bool introduced = take_content_word(cursor);
  if (introduced || (!cursor.done() && cursor.peek()->literal())) {
    const std::optional<std::string> content = take_content(cursor, introduced);
    return content && cursor.ends() ? write(*file, *content) : std::nullopt;
  }
  return creates && cursor.ends() ? one(bash("touch -- " + shell_quote(*file))) : std::nullopt;
}

}  // namespace

namespace {

/// "print working directory", "what is the current directory".
bool asks_for_directory(Cursor cursor) {
  if (cursor.take({"what"})) {
    cursor.take({"is"});
  } else if (!cursor.take({"print", "show", "what's"})) {
    return false;
  }
  cursor.skip({"me", "the", "name", "path", "of"});
  return cursor.take({"current", "working", "present"}) &&
         (cursor.take({"working"}), cursor.take({"directory", "folder"})) && cursor.ends();
}

/// "run `ls`, `pwd` and `id`".
Calls parse_commands(Cursor cursor) {
  std::vector<Call> calls;
  while (!cursor.done() && cursor.peek()->literal()) {
    calls.push_back(bash(std::string(text::trim(cursor.next().text))));
    cursor.skip({"and", "then"});
  }
  return cursor.ends() && calls.size() > 1 ? Calls(std::move(calls)) : std::nullopt;
}

}  // namespace

Calls parse_run(Cursor cursor) {
  if (asks_for_directory(cursor)) {
    return one(bash("pwd"));
  }
  if (Calls bare = parse_bare_command(cursor)) {
    return bare;
  }
  if (!cursor.take({"run", "execute", "exec", "launch", "invoke"})) {
    return std::nullopt;
  }
  cursor.skip({"the", "this", "following", "a", "me", "please"});
  const bool is_python = cursor.is("python") && cursor.peek(1) != nullptr &&
                         (cursor.peek(1)->literal() || cursor.peek(1)->lower == "code" ||
                          cursor.peek(1)->lower == "snippet");
  if (is_python) {
    cursor.next();
  }
  cursor.skip({"shell", "terminal"});
  const bool command = cursor.take({"command", "commands", "cmd", "code", "snippet", "script"});
  const Word* word = cursor.peek();
  if (word == nullptr) {
    return std::nullopt;
  }
  if (word->literal()) {
    if (Calls several = parse_commands(cursor)) {
      return several;
    }
    const Word& code = cursor.next();
    if (!ends_run(cursor)) {
      return std::nullopt;
    }
    const bool runs_python = is_python || is_fence_of(code, "python", "py");
    const std::string text(code.kind == Word::Kind::kCode && !runs_python ? text::trim(code.text)
                                                                          : code.text);
    return text.empty() ? std::nullopt : one(runs_python ? python(text) : bash(text));
  }
  const bool path = word->plain() && is_path(*word);
  if (is_python || !(command || path || in_list(kPrograms, word->text))) {
    return std::nullopt;
  }
  // English that only sounds like a command: "run make and fix what fails".
  std::string raw = cursor.raw_rest();
  if (raw.find(" and ") != std::string::npos) {
    return std::nullopt;
  }
  for (const std::string_view end : {" please", " for me"}) {
    if (raw.ends_with(end)) {
      raw.resize(raw.size() - end.size());
    }
  }
  return one(bash((path ? interpreter(word->text) : "") + raw));
}

Calls parse_call(Cursor cursor, const Offer& offer) {
  if (!cursor.take({"call", "use", "invoke", "run", "execute"})) {
    return std::nullopt;
  }
  cursor.skip({"the"});
  bool named = cursor.take({"tool", "mcp"});
  cursor.take({"tool"});
  if (cursor.done() || cursor.peek()->kind == Word::Kind::kJson) {
    return std::nullopt;
  }
  const std::string name = cursor.next().text;
  named = cursor.take({"tool"}) || named;
  const bool known = offer.has(name) || name.find("__") != std::string::npos;
  const bool identifier = std::all_of(name.begin(), name.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-';
  });
  if (!identifier || !(known || named)) {
    return std::nullopt;
  }
  cursor.skip(
      {"with", "on", "using", "the", "arguments", "argument", "args", "input", "parameters"});
  if (cursor.ends()) {
    return one(call(name, {}));
  }
  if (cursor.peek()->kind == Word::Kind::kJson || cursor.peek()->kind == Word::Kind::kCode) {
    Result<json::Object> arguments = json::parse_object(cursor.next().text);
    return arguments && cursor.ends() ? one(call(name, *std::move(arguments))) : std::nullopt;
  }
  std::optional<json::Object> pairs = take_pairs(cursor);
  return pairs ? one(call(name, *std::move(pairs))) : std::nullopt;
}

Calls parse_write(Cursor cursor) {
  const bool appends = cursor.is_any({"append", "add"});
  const bool creates = cursor.is_any({"create", "make", "touch"});
  if (!cursor.take({"write", "save", "put", "append", "add", "create", "make", "touch"})) {
    return std::nullopt;
  }
  if (appends) {
    return parse_content_first(cursor, true);
  }
  if (!creates) {
    if (Calls calls = parse_content_first(cursor, false)) {
      return calls;
    }
  }
  return parse_file_first(cursor, creates);
}

}  // namespace oap::llm::offline
