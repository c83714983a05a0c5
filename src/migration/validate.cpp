#include "migration/validate.hpp"

#include <fmt/format.h>

#include "config/load.hpp"
#include "crypto/hash.hpp"
#include "migration/plan.hpp"
#include "permission/policy.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostFile = 64U << 20U;

void check_configuration(const std::string& root, Validation& out) {
  config::LoadOptions options;
  options.paths.workspace = root;
  options.paths.project_dir = root + "/.opencode";
  options.trust = true;
  const config::Loaded loaded = config::load_all(options);
  for (const config::Problem& problem : loaded.problems) {
    out.errors.push_back(problem.to_string());
  }
  for (const std::string& warning : loaded.config.warnings) {
    out.warnings.push_back(warning);
  }
}

void check_rules(const Tree& tree, Validation& out) {
  const std::string path(kPermissions);
  if (tree.kind(path) == Kind::kAbsent) {
    return;
  }
  const auto text = tree.read(path, kMostFile);
  if (!text) {
    out.errors.push_back(text.error().message());
    return;
  }
  permission::PolicyOptions options;
  options.workspace = tree.root();
  const auto policy = permission::Policy::compile(
      {{permission::Tier::kProject, tree.root() + "/" + path, text->text}}, options);
  if (!policy) {
    for (const std::string_view line : text::split_lines(policy.error().message())) {
      out.errors.emplace_back(line);
    }
  }
}

void check_written(const Tree& tree, Validation& out) {
  const auto manifest = read_manifest(tree);
  if (!manifest) {
    out.errors.push_back(manifest.error().message());
    return;
  }
  for (const auto& [path, file] : manifest->files) {
    const auto text = tree.kind(path) == Kind::kFile
                          ? tree.read(path, kMostFile)
                          : Result<FileText>(fail(Code::kNotFound, "no longer there"));
    if (!text) {
      out.errors.push_back(fmt::format("{}: {}", path, text.error().message()));
    } else if (crypto::sha256_hex(text->text) != file.sha256) {
      out.warnings.push_back(fmt::format("{}: was changed since it was imported", path));
    }
  }
}

}  // namespace

Validation validate(const std::string& target) {
  Validation out;
  out.target = target;
  const auto tree = Tree::open(target);
  if (!tree) {
    out.errors.push_back(tree.error().message());
    out.valid = false;
    return out;
  }
  for (const char* path : {".opencode/config.yaml", "AGENTS.md"}) {
    if (tree->kind(path) != Kind::kFile) {
      out.errors.push_back(fmt::format("Missing required file: {}", path));
    }
  }
  check_configuration(tree->root(), out);
  check_rules(*tree, out);
  check_written(*tree, out);
  out.valid = out.errors.empty();
  return out;
}

json::Object to_json(const Validation& found) {
  json::Array warnings;
  for (const std::string& one : found.warnings) {
    warnings.emplace_back(text::sanitize_utf8(one));
  }
  json::Array errors;
  for (const std::string& one : found.errors) {
    errors.emplace_back(text::sanitize_utf8(one));
  }
  return {{"valid", found.valid},
          {"target", text::sanitize_utf8(found.target)},
          {"warnings", std::move(warnings)},
          {"errors", std::move(errors)}};
}

std::string to_text(const Validation& found) {
  std::string out = fmt::format("{}: {}\n", found.target, found.valid ? "valid" : "not valid");
  for (const std::string& one : found.errors) {
    out += fmt::format("error: {}\n", text::escape_visible(one));
  }
  for (const std::string& one : found.warnings) {
    out += fmt::format("warning: {}\n", text::escape_visible(one));
  }
  return out;
}

}  // namespace oap::migration
