#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "workflow/definition/definition.hpp"

namespace oap::workflow {

/// One thing that is wrong (or only doubtful) in a definition, for a person.
struct Problem {
  std::string where;  ///< "file:line", or "" where there is no file
  std::string message;
  bool warning = false;
};
/// "file:line: message", a line each.
std::string to_text(const std::vector<Problem>& problems);

/// In the order of the lines; those of one line keep theirs.
void sort_by_line(std::vector<Problem>& problems);

/// A definition as far as it could be read, with all that is wrong with it.
struct Reading {
  Definition definition;
  std::vector<Problem> problems;
  bool ok() const;  ///< no problem but warnings
};

/// Reads a workflow's YAML: the seeds' form and the better form, mixed as one likes. Never fails:
/// a text that is no YAML is one problem. Checks form, names, ranges, needs, cycles; expressions
/// are checked by Blueprint::compile. `definition.lines` is null where the text was no map at all.
/// Pure.
Reading read_workflow(std::string_view text, std::string file);

/// The same from canonical JSON. kDataLoss where it is not one.
Result<Definition> definition_from_json(const json::Value& value);

/// The JSON Schema (2020-12) of workflow files, for editors.
json::Value workflow_schema();

}  // namespace oap::workflow
