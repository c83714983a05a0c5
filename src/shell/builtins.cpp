#include "shell/wrapping.hpp"

namespace oap::shell {
namespace {

void unwrap_trap(const Wrapping& w) {
  std::size_t at = 1;
  if (at < w.size() && w.word(at) == "--") {
    ++at;
  }
  if (at < w.size() && w.word(at) != "-" && !is_one_of(w.word(at), {"-l", "-p", "-lp"}) &&
      at + 1 < w.size()) {
    parse_argument(w, at);
  }
}

void unwrap_alias(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size(); ++i) {
    const std::size_t equals = w.word(i).find('=');
    if (!w.known(i)) {
      w.findings.doubt("an alias is not known before it runs");
    } else if (equals != std::string::npos) {
      w.findings.script.functions.push_back(w.word(i).substr(0, equals));
      parse_text(w, std::string_view(w.word(i)).substr(equals + 1));
    }
  }
}

/// Builtins whose arguments are names, subscripts or numbers that bash evaluates.
void note_evaluating_builtin(const Wrapping& w) {
  const bool gives_values =
      is_one_of(w.program, {"read", "mapfile", "readarray", "getopts", "printf"});
  const bool declares = is_one_of(w.program, {"declare", "typeset", "local", "export", "readonly"});
  if (!gives_values && !declares &&
      !is_one_of(w.program, {"test", "[", "let", "unset", "wait", "shift", "exit", "return"})) {
    return;
  }
  bool integers = w.program == "let";
  for (std::size_t i = 1; i < w.size(); ++i) {
    const std::string& word = w.word(i);
    const bool code = w.known(i) && word.find('[') != std::string::npos &&
                      (word.find("$(") != std::string::npos || word.find('`') != std::string::npos);
    if (code) {
      w.findings.doubt(w.program + " evaluates its argument");
      guess_text(w, ": " + word);
    }
    if (gives_values && is_name(word)) {
      w.findings.others.insert(word);
    }
    integers = integers || (declares && word.size() > 1 && word[0] == '-' &&
                            word.find('i') != std::string::npos);
    if (integers) {
      note_arithmetic(word.substr(0, word.find('=')), w.findings);
    }
    if (w.program == "let") {
      note_arithmetic(word, w.findings);
    }
    const bool callback = is_one_of(w.program, {"mapfile", "readarray"}) && word == "-C";
    if (callback && i + 1 < w.size()) {
      parse_argument(w, i + 1);
    }
  }
}

/// Builtins that give a variable a value, or take it away, without an assignment in front.
void note_set_variables(const Wrapping& w) {
  const bool prints = w.program == "printf";
  const bool waits = w.program == "wait";
  const bool exports = w.program == "export";
  if (!prints && !waits && !exports &&
      !is_one_of(w.program, {"read", "mapfile", "readarray", "getopts", "unset", "declare",
                             "typeset", "local"})) {
    return;
  }
  bool wanted = !prints && !waits && !exports;
  for (std::size_t i = 1; i < w.size(); ++i) {
    const std::string& word = w.word(i);
    if (word.starts_with('-')) {
      const std::string_view letter = prints ? "v" : (waits ? "p" : "n");
      wanted = (wanted && !prints && !waits) || word.find(letter) != std::string::npos;
      const std::string_view takers = prints ? "v" : (waits ? "p" : "adinNptu");
      const std::size_t taker = word.find_first_of(takers, 1);
      if (taker != std::string::npos && taker + 1 < word.size()) {
        w.findings.script.variables.push_back(word.substr(taker + 1));
      }
    } else if (wanted) {
      w.findings.script.variables.push_back(word.substr(0, word.find_first_of("[+=")));
      wanted = !prints && !waits;
    }
  }
}

/// `set -k` makes assignments of words anywhere in a command.
void note_set(const Wrapping& w) {
  for (std::size_t i = 1; w.program == "set" && i < w.size() && w.word(i) != "--"; ++i) {
    const std::string& word = w.word(i);
    if (word == "keyword" || (word.starts_with('-') && word.find('k') != std::string::npos)) {
      w.findings.doubt("set -k makes assignments of later words");
    } else if (word == "histexpand" ||
               (word.starts_with('-') && word.find('H') != std::string::npos)) {
      w.findings.doubt("set -H makes commands of !");
    } else if (word == "braceexpand" ||
               (word.starts_with('+') && word.find('B') != std::string::npos)) {
      w.findings.doubt("without brace expansion braces are ordinary characters");
    } else if (word == "posix") {
      w.findings.doubt("set -o posix changes what words mean");
    }
  }
}

/// Builtins that change what later names mean, or run what we cannot see.
void note_redefining_builtin(const Wrapping& w) {
  if (w.program == "enable") {
    w.findings.doubt("enable changes what builtins are");
  } else if (w.program == "hash") {
    for (std::size_t i = 1; i < w.size(); ++i) {
      if (!w.word(i).starts_with('-')) {
        w.findings.script.functions.push_back(w.word(i));
      }
    }
  } else if (is_one_of(w.program, {"bind", "complete", "compgen", "fc"})) {
    w.findings.doubt(w.program + " can run commands that are not looked at");
    guess_from(w, 1);
  }
}

}  // namespace

void note_builtin(const Wrapping& w) {
  note_evaluating_builtin(w);
  note_redefining_builtin(w);
  note_set_variables(w);
  note_set(w);
  if (w.program == "jobs" && w.size() > 2 && w.word(1) == "-x") {
    list_payload(w, 2, w.size(), false);
  } else if (w.program == "eval") {
    parse_joined(w, w.size() > 1 && w.word(1) == "--" ? 2 : 1);
  } else if (w.program == "trap") {
    unwrap_trap(w);
  } else if (w.program == "alias") {
    unwrap_alias(w);
  }
}

}  // namespace oap::shell
