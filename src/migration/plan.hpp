#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "migration/report.hpp"
#include "migration/tree.hpp"

namespace oap::migration {

/// A file that an import wants in the target.
struct PlannedFile {
  std::string path;  ///< relative to the target
  std::string text;
  bool executable = false;
  bool block = false;     ///< permissions.yaml: `text` is this host's part between its marks
  bool optional = false;  ///< left out without a word where something else is there
  bool secret = false;    ///< for its owner's eyes alone
};

/// A link that an import wants; left out where something is there already.
struct PlannedLink {
  std::string path;
  std::string to;
};

/// All that an import wants. A value; the last file of one path wins.
struct Plan {
  std::vector<PlannedFile> files;
  std::vector<PlannedLink> links;
};

/// What imports have written into a target, kept in `.opencode/migration.json` so that a later one
/// knows its own files from those of people. A value.
struct Manifest {
  struct File {
    std::string sha256;
    std::string previous;  ///< while it is being replaced: what was there before
    std::vector<std::string> hosts;
    std::map<std::string, std::string> blocks;  ///< host → digest of its part
  };
  std::map<std::string, File> files;
  std::map<std::string, std::string> links;  ///< path → what it says
  std::vector<std::string> directories;      ///< that imports made, outer first

  bool empty() const { return files.empty() && links.empty(); }
};

inline constexpr std::string_view kManifest = ".opencode/migration.json";
inline constexpr std::string_view kPermissions = ".opencode/permissions.yaml";

/// Empty where there is none. kDataLoss where it is not what an import writes: a path that none
/// would write, a wrong type. It may be a stranger's, so nothing beyond such paths is believed.
Result<Manifest> read_manifest(const Tree& target);
std::string manifest_text(const Manifest& manifest);

/// True for what an import may write: files below .opencode, AGENTS.md, CLAUDE.md, the skills link.
bool may_write(std::string_view path);

/// A host's part of a permissions.yaml, nothing where it has none; the text with another part, or
/// without. Everything outside the marks stays as it is. Pure.
std::optional<std::string> block_of(std::string_view text, std::string_view host);
std::string with_block(std::string_view text, std::string_view host, std::string_view block);
std::string without_block(std::string_view text, std::string_view host);
/// True where nothing but the head that with_block writes is left.
bool is_bare(std::string_view text);

/// Puts a plan into the target directory, which is made where it is missing. Nothing is replaced
/// that no import has written; what is in the way is an error of the report. A second time nothing
/// changes. What a former import of this host has written and this one does not want is removed,
/// unless a person has changed it. With `dry_run` the report alone is filled.
/// `own_folder`: the target is itself what `.opencode` is elsewhere, as a person's ~/.config/oap.
void apply(const std::string& target, const Plan& plan, bool dry_run, Report& report,
           bool own_folder = false);

/// Takes back what imports of `report.host` have written, as far as nobody has changed it since.
void undo(const std::string& target, bool dry_run, Report& report, bool own_folder = false);

}  // namespace oap::migration
