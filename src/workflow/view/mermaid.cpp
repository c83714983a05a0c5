#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "text/utf8.hpp"
#include "workflow/view/critical_path.hpp"
#include "workflow/view/labels.hpp"
#include "workflow/view/picture.hpp"

namespace oap::workflow {
namespace {

/// Text inside the quotes of a Mermaid label: what its syntax or its HTML would read is an entity.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : fit(text, 60)) {
    const std::string_view special = "\"#<>&;`\\{}[]()|";
    if (special.find(c) != std::string_view::npos) {
      out += fmt::format("#{};", static_cast<int>(c));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

class MermaidWriter {
 public:
  MermaidWriter(const Blueprint& blueprint, const RunView* run) : blueprint_(blueprint), run_(run) {
    if (run != nullptr) {
      summaries_ = summarise(blueprint, *run);
    }
  }

  std::string write();

 private:
  void block(BlockIndex index, std::string_view indent);
  void step(StepIndex index, const std::string& indent);
  std::string label(StepIndex index) const;
  void inner(const std::optional<BlockIndex>& index, std::string_view name,
             const std::string& indent);
  void edges();
  void classes();

  const Blueprint& blueprint_;
  const RunView* run_;
  std::vector<StepSummary> summaries_;
  std::string out_ = "flowchart LR\n";
  std::vector<StepIndex> drawn_;
  std::size_t hidden_ = 0;
};

std::string MermaidWriter::label(StepIndex index) const {
  const StepDefinition& definition = *blueprint_.step(index).definition;
  std::string out = quoted(title_of(definition)) + "<br/>" + quoted(subtitle_of(definition));
  if (run_ != nullptr) {
    const StepSummary& summary = summaries_[index];
    if (const auto took = summary.duration(run_->now)) {
      out += " · " + short_duration(*took);
    }
    if (summary.instances > 1) {
      out += fmt::format(" · {}/{}", summary.done, summary.instances);
    }
  }
  return out;
}

void MermaidWriter::inner(const std::optional<BlockIndex>& index, std::string_view name,
                          const std::string& indent) {
  if (!index) {
    return;
  }
  if (name.empty()) {
    block(*index, indent + "  ");
    return;
  }
  out_ += fmt::format("{}subgraph b{}[\"{}\"]\n", indent, *index, name);
  block(*index, indent + "  ");
  out_ += indent + "end\n";
}

void MermaidWriter::step(StepIndex index, const std::string& indent) {
  const BlueprintStep& step = blueprint_.step(index);
  drawn_.push_back(index);
  if (!step.body && !step.else_body) {
    out_ += fmt::format("{}n{}[\"{}\"]\n", indent, index, label(index));
    return;
  }
  const bool branches =
      step.else_body || std::holds_alternative<ConditionStep>(step.definition->body);
  out_ += fmt::format("{}subgraph n{}[\"{}\"]\n", indent, index, label(index));
  inner(step.body, branches ? "then" : "", indent + "  ");
  inner(step.else_body, "else", indent + "  ");
  out_ += indent + "end\n";
}

void MermaidWriter::block(BlockIndex index, std::string_view indent) {
  for (const StepIndex each : blueprint_.block(index).steps) {
    if (drawn_.size() >= kMaxDrawn) {
      ++hidden_;
    } else {
      step(each, std::string(indent));
    }
  }
}

void MermaidWriter::edges() {
  const std::unordered_set<StepIndex> drawn(drawn_.begin(), drawn_.end());
  for (const StepIndex to : drawn_) {
    for (const StepIndex from : blueprint_.step(to).needs) {
      if (drawn.contains(from)) {
        out_ += fmt::format("  n{} --> n{}\n", from, to);
      }
    }
  }
}

void MermaidWriter::classes() {
  if (run_ == nullptr) {
    return;
  }
  out_ +=
      "  classDef pending fill:#eaeef2,stroke:#8c959f,color:#1f2328\n"
      "  classDef ready fill:#ddf4ff,stroke:#0969da,color:#1f2328\n"
      "  classDef running fill:#b6e3ff,stroke:#0969da,color:#1f2328\n"
      "  classDef waiting fill:#fff8c5,stroke:#9a6700,color:#1f2328\n"
      "  classDef completed fill:#dafbe1,stroke:#1a7f37,color:#1f2328\n"
      "  classDef failed fill:#ffebe9,stroke:#cf222e,color:#1f2328\n"
      "  classDef skipped fill:#f6f8fa,stroke:#8c959f,color:#59636e,stroke-dasharray:4 3\n"
      "  classDef cancelled fill:#eaeef2,stroke:#6e7781,color:#1f2328\n"
      "  classDef unknown fill:#fbefff,stroke:#8250df,color:#1f2328\n";
  for (const StepIndex each : drawn_) {
    out_ += fmt::format("  class n{} {}\n", each, to_string(summaries_[each].look));
  }
}

std::string MermaidWriter::write() {
  block(0, "  ");
  if (blueprint_.finally_block()) {
    out_ += "  subgraph finally[\"finally\"]\n";
    block(*blueprint_.finally_block(), "    ");
    out_ += "  end\n";
  }
  edges();
  if (hidden_ > 0) {
    out_ += fmt::format("  more[\"… and {} more steps that are not drawn\"]\n", hidden_);
  }
  classes();
  return std::move(out_);
}

}  // namespace

std::string mermaid(const Blueprint& blueprint, const RunView* run) {
  return MermaidWriter(blueprint, run).write();
}

}  // namespace oap::workflow
