#include "orchestration/mission/known_check.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "orchestration/mission/evidence.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

/// A list of words with blanks around each.
bool holds(std::string_view words, std::string_view word) {
  return !word.empty() && word.find(' ') == std::string_view::npos &&
         text::contains(words, " " + std::string(word) + " ");
}

constexpr std::string_view kCheckers =
    " pytest py.test nosetests nose2 green trial tox nox coverage hypothesis behave robot mypy"
    " pyright basedpyright ruff flake8 pylint bandit black isort pyflakes pycodestyle pydocstyle"
    " pyre vulture pre-commit ctest make gmake bmake ninja samu cmake meson scons waf bazel "
    "bazelisk"
    " buck buck2 b2 qmake jest vitest mocha ava tap karma cypress playwright nyc c8 eslint tsc tsx"
    " ts-node vue-tsc svelte-check biome oxlint standard xo stylelint prettier dprint jshint "
    "webpack"
    " vite rollup esbuild swc parcel turbo nx lerna gradle gradlew mvn mvnw ant sbt mill javac"
    " kotlinc kotlin scalac scala groovy groovyc ktlint detekt checkstyle rustc clippy-driver gofmt"
    " golangci-lint staticcheck gotestsum ginkgo gcc g++ cc c++ clang clang++ cpp tcc as ld nasm"
    " fpc gfortran cppcheck cpplint clang-tidy clang-format swiftc swiftlint xcodebuild ghc runghc"
    " runhaskell hlint cabal stack ocamlc ocamlopt ocamlfind dune dmd ldc2 dub nim nimble crystal"
    " elixirc erlc rebar3 lein clj clojure gleam elm rake rspec rubocop standardrb minitest "
    "cucumber"
    " phpunit pest phpstan psalm phpcs php-cs-fixer prove bats shellcheck shfmt perlcritic busted"
    " luacheck luac Rscript hadolint yamllint ansible-lint ansible-playbook tflint tfsec checkov"
    " markdownlint markdownlint-cli2 vale sphinx-build mkdocs latexmk pdflatex xelatex lualatex"
    " asciidoctor xmllint protoc buf valgrind hyperfine curl wget sqlite3 psql mysql iverilog"
    " verilator ghdl yosys spectral solc forge slither conftest opa rego regal kubeconform kubeval"
    " actionlint taplo rails django-admin invoke just task pg_prove ";

constexpr std::string_view kByVerb =
    " cargo go dotnet swift zig mix flutter dart deno docker podman docker-compose terraform tofu"
    " helm kubectl npm pnpm yarn bun composer sam cdk pulumi ng expo truffle hardhat npx pnpx bunx"
    " bundle uv uvx poetry pipenv pdm hatch rye oap packer nomad gem ";
constexpr std::string_view kVerbs =
    " test tests tst t build b check c vet lint clippy run r bench nextest verify validate compile"
    " start exec analyze package assemble doc miri tarpaulin llvm-cov hack fmt format"
    " up plan template synth run-script run-tests typecheck type-check ci e2e spec dev serve ";

constexpr std::string_view kInterpreters =
    " node nodejs ruby perl php lua luajit julia java groovy swift escript elixir ts-node tsx tclsh"
    " guile racket sbcl raku pypy pypy3 ";

/// Modules of Python itself that can be run and know nothing of the work.
constexpr std::string_view kOfPython =
    " this site sysconfig calendar base64 zipfile tarfile gzip ast tokenize dis platform pydoc json"
    " json.tool timeit venv ensurepip pip http.server antigravity webbrowser inspect locale "
    "mimetypes"
    " pickle pickletools quopri uuid random symtable encodings idlelib lib2to3 turtledemo turtle"
    " __hello__ __phello__ cProfile profile pstats pdb trace zipapp ftplib telnetlib smtpd poplib"
    " imaplib nntplib xmlrpc.server wsgiref.simple_server textwrap filecmp fileinput getopt code"
    " codeop compileall py_compile tabnanny pyclbr netrc shlex stat string sqlite3 asyncio sys os"
    " math time difflib heapq re select socket ssl getpass curses tkinter ctypes keyword token"
    " tracemalloc unicodedata selectors secrets statistics test.support ";

const std::string* first_operand(const std::vector<std::string>& argv, std::size_t from) {
  for (std::size_t i = from; i < argv.size(); ++i) {
    if (!argv[i].empty() && argv[i].front() != '-') {
      return &argv[i];
    }
  }
  return nullptr;
}

bool is_of_the_system(std::string_view path) {
  static constexpr std::array<std::string_view, 7> kFolders = {
      "/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/lib/", "/usr/lib/", "/etc/"};
  return std::any_of(kFolders.begin(), kFolders.end(),
                     [path](std::string_view folder) { return path.starts_with(folder); });
}

bool names_file(std::string_view word) {
  return word.find_first_of("./$`") != std::string_view::npos && !word.starts_with("/dev/");
}

/// A text that a shell hands the interpreter, or a file of the workspace.
bool is_fed(const shell::SimpleCommand& command) {
  using Kind = shell::Redirect::Kind;
  return std::any_of(
      command.redirects.begin(), command.redirects.end(), [](const shell::Redirect& redirect) {
        return (redirect.kind == Kind::kRead && names_file(redirect.target)) ||
               (redirect.kind == Kind::kHereDocument &&
                (redirect.text.empty() || text::contains(redirect.text, "import") ||
                 text::contains(redirect.text, "require") ||
                 text::contains(redirect.text, "open") || text::contains(redirect.text, "assert")));
      });
}

bool interpreter_checks(const shell::SimpleCommand& command, bool is_python) {
  for (std::size_t i = 1; is_python && i < command.argv.size(); ++i) {
    const std::string& word = command.argv[i];
    if (word == "-m") {
      return i + 1 < command.argv.size() && !command.argv[i + 1].empty() &&
             !holds(kOfPython, command.argv[i + 1]);
    }
    if (!word.starts_with('-')) {
      break;
    }
  }
  const std::string* const file = first_operand(command.argv, 1);
  return (file != nullptr && (names_file(*file) || *file == "artisan" ||
                              shell::base_name(command.argv.front()) == "java")) ||
         (file == nullptr && is_fed(command)) || is_fed(command);
}

bool verb_checks(const shell::SimpleCommand& command, std::string_view program) {
  const std::string* const verb = first_operand(command.argv, 1);
  if (verb == nullptr) {
    return program == "yarn" || program == "oap";
  }
  const bool any_script = program == "yarn" || program == "pnpm" || program == "bun";
  constexpr std::string_view kKeep =
      " add remove init ls list config cache info view outdated help create link version publish"
      " login whoami root bin prefix fund search ping doctor why store import set upgrade ";
  if (holds(kVerbs, *verb) || (any_script && !holds(kKeep, *verb))) {
    return true;
  }
  const bool hands_on =
      program == "npx" || program == "pnpx" || program == "bunx" || program == "uvx";
  return hands_on && holds(kCheckers, *verb);
}

}  // namespace

bool is_known_check(const shell::SimpleCommand& command) {
  const std::string& word = command.argv.front();
  const std::string_view program = shell::base_name(word);
  const std::string_view plain = program.substr(0, program.find_first_of("0123456789"));
  const bool is_python = program.starts_with("python") || program == "pypy3" || program == "pypy";
  if (is_python || holds(kInterpreters, program)) {
    return interpreter_checks(command, is_python) || is_verification(shell::render(command));
  }
  if (holds(kByVerb, program)) {
    return verb_checks(command, program) || is_verification(shell::render(command));
  }
  const std::string_view versioned =
      plain.ends_with('-') ? plain.substr(0, plain.size() - 1) : plain;
  if (holds(kCheckers, program) || holds(kCheckers, versioned)) {
    return true;
  }
  const bool of_the_work = word.find('/') != std::string::npos && !is_of_the_system(word);
  return of_the_work || word.find_first_of("$`") != std::string::npos ||
         is_verification(shell::render(command));
}

}  // namespace oap::orchestration
