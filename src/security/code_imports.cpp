#include "security/code_rules.hpp"

namespace oap::security {
namespace {

std::string module_name(std::string_view module) {
  const std::string_view plain = module.starts_with("node:") ? module.substr(5) : module;
  return std::string(plain == "fs/promises" || plain == "fs-extra" ? "fs" : plain);
}

class PythonImports {
 public:
  PythonImports(TokenSpan tokens, CodeNames& names) : tokens_(tokens), names_(names) {}

  void read_imports() {
    for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
      const bool from = tokens_[i].is("from");
      if ((!from && !tokens_[i].is("import")) ||
          (i > 0 && tokens_[i - 1].kind != CodeToken::Kind::kLine && !tokens_[i - 1].is(":") &&
           !tokens_[i - 1].is(";"))) {
        continue;
      }
      std::size_t at = i + 1;
      std::string module;
      if (from) {
        module = dotted_at(at);
        at += at < tokens_.size() && tokens_[at].is("import") ? 1 : 0;
      }
      read_names(at, module);
      i = at;
    }
  }

 private:
  void read_names(std::size_t& at, const std::string& module) {
    while (at < tokens_.size() && tokens_[at].kind != CodeToken::Kind::kLine) {
      if (!tokens_[at].is_name()) {
        ++at;
        continue;
      }
      const std::string name = dotted_at(at);
      if (name.empty()) {
        ++at;
        continue;
      }
      const std::string full = module.empty() ? name : module + "." + name;
      if (at + 1 < tokens_.size() && tokens_[at].is("as")) {
        names_.imported[std::string(tokens_[at + 1].text)] = full;
        at += 2;
      } else if (!module.empty()) {
        names_.imported[name] = full;
      }
    }
  }

  std::string dotted_at(std::size_t& at) {
    std::string out;
    while (at < tokens_.size() && (tokens_[at].is_name() || tokens_[at].is(".")) &&
           !tokens_[at].is("import") && !tokens_[at].is("as")) {
      out += tokens_[at].text;
      ++at;
    }
    return out;
  }

  TokenSpan tokens_;
  CodeNames& names_;
};

class ScriptImports {
 public:
  ScriptImports(TokenSpan tokens, CodeNames& names) : tokens_(tokens), names_(names) {}

  /// `import … from "m"`, `const … = require("m")`.
  void read_imports() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const bool import =
          tokens_[i].is("import") && !at(i + 1, "(") && !(i > 0 && tokens_[i - 1].is("."));
      const bool declares = tokens_[i].is("const") || tokens_[i].is("let") || tokens_[i].is("var");
      if (!import && !declares) {
        continue;
      }
      std::size_t end = i + 1;
      while (end < tokens_.size() && end - i < 200 && !tokens_[end].is(import ? "from" : "=") &&
             !tokens_[end].is(";") && !tokens_[end].is_string() && !tokens_[end].is("let") &&
             !tokens_[end].is("const") && !tokens_[end].is("var") && !tokens_[end].is("import")) {
        ++end;
      }
      names_.looked += end - i;
      std::string module;
      if (import && end + 1 < tokens_.size() && tokens_[end + 1].is_string()) {
        module = module_name(tokens_[end + 1].text);
      } else if (declares && at(end + 1, "require") && at(end + 2, "(") &&
                 end + 3 < tokens_.size() && tokens_[end + 3].is_string()) {
        module = module_name(tokens_[end + 3].text);
        if (at(end + 5, ".") && end + 6 < tokens_.size()) {
          module.append(".").append(tokens_[end + 6].text);
        }
      } else if (declares && promisified(end, i)) {
        continue;
      }
      if (!module.empty()) {
        bind(i + 1, end, module);
      }
    }
  }

 private:
  bool at(std::size_t i, std::string_view mark) const {
    return i < tokens_.size() && tokens_[i].is(mark);
  }

  /// `const run = promisify(exec)`.
  bool promisified(std::size_t equals, std::size_t declares) {
    for (std::size_t i = equals + 1; i + 2 < tokens_.size() && i < equals + 5; ++i) {
      if (tokens_[i].is("promisify") && at(i + 1, "(")) {
        std::string name(tokens_[i + 2].text);
        if (at(i + 3, ".") && i + 4 < tokens_.size()) {
          name.append(".").append(tokens_[i + 4].text);
        }
        names_.imported[std::string(tokens_[declares + 1].text)] = names_.full_name(name);
        return true;
      }
    }
    return false;
  }

  void bind(std::size_t begin, std::size_t end, const std::string& module) {
    bool braces = false;
    for (std::size_t i = begin; i < end; ++i) {
      braces = braces || tokens_[i].is("{");
      if (!tokens_[i].is_name() || tokens_[i].is("as") || tokens_[i].is("type")) {
        continue;
      }
      const bool renamed = (at(i + 1, "as") || at(i + 1, ":")) && i + 2 < end;
      const std::string local(tokens_[renamed ? i + 2 : i].text);
      names_.imported[local] = braces ? module + "." + std::string(tokens_[i].text) : module;
      i += renamed ? 2 : 0;
    }
  }

  TokenSpan tokens_;
  CodeNames& names_;
};

/// `exec(sql) {`: a class's own.
bool is_method(TokenSpan tokens, std::size_t at) {
  if (at + 1 >= tokens.size() || !tokens[at + 1].is("(")) {
    return false;
  }
  std::size_t close = at + 2;
  while (close < tokens.size() && close - at < 40 && !tokens[close].is(")")) {
    ++close;
  }
  return close + 1 < tokens.size() && tokens[close].is(")") &&
         (tokens[close + 1].is("{") || tokens[close + 1].is(":"));
}

}  // namespace

void read_python_imports(TokenSpan tokens, CodeNames& names) {
  PythonImports(tokens, names).read_imports();
}

void read_javascript_imports(TokenSpan tokens, CodeNames& names) {
  ScriptImports(tokens, names).read_imports();
}

void learn_promised(TokenSpan tokens, CodeNames& names) {
  for (std::size_t i = 2; i < tokens.size(); ++i) {
    if (!tokens[i].is("promisify")) {
      continue;
    }
    std::size_t name = i;
    while (name > 1 && i - name < 8 && !tokens[name].is("=")) {
      --name;
    }
    for (std::size_t k = i + 1; k < tokens.size() && k < i + 12; ++k) {
      if ((tokens[k].is("exec") || tokens[k].is("execFile")) && tokens[name].is("=") &&
          tokens[name - 1].is_name()) {
        names.imported[std::string(tokens[name - 1].text)] =
            "child_process." + std::string(tokens[k].text);
        break;
      }
    }
  }
}

void learn_bare_processes(TokenSpan tokens, CodeNames& names) {
  for (const std::string_view name :
       {"exec", "execSync", "spawn", "spawnSync", "execFile", "execFileSync"}) {
    bool made = names.imported.contains(name);
    for (std::size_t i = 1; i < tokens.size() && !made; ++i) {
      made = tokens[i].is_name() && tokens[i].text == name &&
             (tokens[i - 1].is("function") || tokens[i - 1].is("const") ||
              tokens[i - 1].is("let") || tokens[i - 1].is("var") || tokens[i - 1].is("import") ||
              (i + 1 < tokens.size() && tokens[i + 1].is("=")) || is_method(tokens, i));
    }
    if (!made) {
      names.imported[std::string(name)] = "child_process." + std::string(name);
    }
  }
}

}  // namespace oap::security
