#include "router/names.hpp"

#include <algorithm>
#include <array>

#include "text/strings.hpp"

namespace oap::router {
namespace {

constexpr std::string_view kExtensions =
    " md txt rst adoc py pyi ipynb js mjs cjs ts tsx jsx json jsonl json5 yaml yml toml ini cfg "
    "conf "
    "env lock c h cc cpp cxx hpp hh hxx m mm rs go java kt kts scala swift rb php pl pm lua r jl "
    "ex exs "
    "erl hs clj cs fs vb dart zig nim sh bash zsh fish bat ps1 cmd sql csv tsv xml html htm css "
    "scss "
    "sass less vue svelte log diff patch proto graphql gql tf tfvars gradle cmake mk make "
    "dockerfile "
    "pdf png jpg jpeg gif svg webp ico zip tar gz tgz bz2 xz 7z jar war so dll exe bin dat db "
    "sqlite "
    "docx xlsx pptx tex bib map wasm asm s out o a service socket timer properties editorconfig "
    "gitignore gitattributes dockerignore npmrc nvmrc pem crt key pub bak tmp swp orig example "
    "sample "
    "template j2 tmpl mdx po pot srt wav mp3 mp4 parquet avro feather pickle pkl h5 onnx ";
constexpr std::string_view kFolders =
    " src lib libs docs doc tests test bin etc app apps include scripts config configs pkg cmd "
    "internal "
    "public assets examples build dist tools data web server client core utils components pages "
    "api "
    "packages modules vendor third_party spec home usr var tmp opt root out target static "
    "templates "
    ".github .opencode .claude .vscode node_modules controllers models views services routes "
    "handlers "
    "migrations fixtures cmake docker k8s monitoring plugins integrations benches fuzz frontend "
    "backend ";
constexpr std::string_view kNotFiles =
    " node.js vue.js next.js express.js react.js three.js d3.js nuxt.js asp.net ado.net socket.io "
    "angular.js backbone.js ember.js chart.js alpine.js e.g i.e a.k.a ";
constexpr std::string_view kTopDomains =
    " com org net io dev edu gov de uk fr eu cloud ai app info us co tech xyz ca jp cn ru nl it es "
    "pl br "
    "in ch at be se no fi dk au ";

bool in_list(std::string_view list, std::string_view word) {
  if (word.empty() || word.find(' ') != std::string_view::npos) {
    return false;
  }
  const std::string padded = " " + std::string(word) + " ";
  return list.find(padded) != std::string_view::npos;
}

std::string_view extension(std::string_view word) {
  const std::string_view name = word.substr(word.find_last_of('/') + 1);
  const std::size_t dot = name.find_last_of('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

bool is_name_byte(char c) {
  return text::is_alpha(c) || text::is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("._-/*~@+?[]{}$").find(c) != std::string_view::npos;
}

}  // namespace

bool looks_like_path(std::string_view word) {
  if (word.size() < 2 || word.size() > 400 || in_list(kNotFiles, word) ||
      !std::all_of(word.begin(), word.end(), is_name_byte) ||
      word.find("://") != std::string_view::npos) {
    return false;
  }
  const bool has_letter = std::any_of(word.begin(), word.end(), [](char c) {
    return text::is_alpha(c) || static_cast<unsigned char>(c) >= 0x80;
  });
  if (!has_letter) {
    return false;
  }
  const std::size_t slash = word.find('/');
  const std::string_view end = extension(word);
  if (in_list(kExtensions, end)) {
    // "v1.c" and the like are files; "3.h" is no worse than a guess.
    return word.find('.') + 1 < word.size();
  }
  if (slash == std::string_view::npos) {
    return word.starts_with('.') && word.size() > 2 && text::is_alpha(word[1]);
  }
  if (word.starts_with("/") || word.starts_with("./") || word.starts_with("../") ||
      word.starts_with("~/") || word.ends_with('/')) {
    return true;
  }
  return in_list(kFolders, word.substr(0, slash)) && word.size() > slash + 1;
}

bool looks_like_host(std::string_view word) {
  const std::string_view host = word.substr(0, word.find_first_of("/:"));
  if (host.find('.') == std::string_view::npos || in_list(kNotFiles, host) ||
      !in_list(kTopDomains, host.substr(host.find_last_of('.') + 1))) {
    return false;
  }
  return text::is_alpha(host[0]) && std::all_of(host.begin(), host.end(), [](char c) {
           return text::is_alpha(c) || text::is_digit(c) || c == '.' || c == '-';
         });
}

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  rest = rest.substr(rest.find_last_of('@') + 1);
  if (rest.starts_with('[')) {
    return std::string(rest.substr(1, rest.find(']') - 1));
  }
  return std::string(rest.substr(0, rest.find(':')));
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") ||
         host == "::1" || host == "0.0.0.0";
}

bool is_bare_file_name(std::string_view word) {
  return in_list(
      " readme license licence makefile dockerfile changelog contributing gemfile rakefile "
      "procfile "
      "jenkinsfile vagrantfile codeowners pipfile justfile ",
      word);
}

}  // namespace oap::router
