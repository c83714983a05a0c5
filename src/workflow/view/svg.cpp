#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "text/utf8.hpp"
#include "workflow/view/labels.hpp"
#include "workflow/view/picture.hpp"
#include "workflow/view/scene.hpp"

namespace oap::workflow {
namespace {

constexpr double kMargin = 24;
constexpr double kTitleHeight = 58;
constexpr double kLegendHeight = 40;

struct Look {
  std::string_view name;
  std::string_view light;
  std::string_view dark;
  std::string_view icon;  // a path in a circle of radius 8
};

constexpr std::string_view kTriangle = "M-2.6 -3.6 L4 0 L-2.6 3.6 Z";
constexpr std::string_view kBars = "M-2.2 -3.2 V3.2 M2.2 -3.2 V3.2";
constexpr std::string_view kCheck = "M-3.6 0.2 L-1 3 L3.8 -2.8";
constexpr std::string_view kCross = "M-3 -3 L3 3 M3 -3 L-3 3";
constexpr std::string_view kDash = "M-3.4 0 H3.4";
constexpr std::string_view kMark = "M0 -3.6 V0.8 M0 3.4 V3.6";

constexpr std::array<Look, 9> kLooks = {{{"pending", "#8c959f", "#7d8590", ""},
                                         {"ready", "#0969da", "#58a6ff", ""},
                                         {"running", "#0969da", "#58a6ff", kTriangle},
                                         {"waiting", "#9a6700", "#d29922", kBars},
                                         {"completed", "#1a7f37", "#3fb950", kCheck},
                                         {"failed", "#cf222e", "#f85149", kCross},
                                         {"skipped", "#8c959f", "#7d8590", kDash},
                                         {"cancelled", "#6e7781", "#9198a1", kCross},
                                         {"unknown", "#8250df", "#a371f7", kMark}}};

const Look& look_of(StepLook look) { return kLooks.at(static_cast<std::size_t>(look)); }

constexpr std::string_view kStyle = R"(
text{font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.page{fill:#ffffff}.card{fill:#ffffff;stroke:#d1d9e0}.box{fill:#f6f8fa;stroke:#d1d9e0}
.h{font-size:18px;font-weight:600}.n{font-size:13px;font-weight:600}
.s,.l,.d{font-size:11px;fill:#59636e}.d{font-variant-numeric:tabular-nums}
.edge{fill:none;stroke:#afb8c1;stroke-width:1.5}.tip{fill:#afb8c1}
.edge.hot{stroke:#bc4c00;stroke-width:3}.tip.hot{fill:#bc4c00}.card.hot,.box.hot{stroke:#bc4c00;stroke-width:2}
.ghost{stroke-dasharray:4 3}
.icon{fill:none;stroke:#ffffff;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
)";
constexpr std::string_view kDarkStyle = R"(
text{fill:#f0f6fc}.page{fill:#0d1117}.card{fill:#151b23;stroke:#3d444d}.box{fill:#010409;stroke:#3d444d}
.s,.l,.d{fill:#9198a1}.edge{stroke:#656c76}.tip{fill:#656c76}
.edge.hot{stroke:#f0883e}.tip.hot{fill:#f0883e}.card.hot,.box.hot{stroke:#f0883e}.icon{stroke:#0d1117}
)";

/// Writes one document.
class SvgWriter {
 public:
  SvgWriter(const Blueprint& blueprint, const RunView* run) : blueprint_(blueprint), run_(run) {
    if (run != nullptr) {
      summaries_ = summarise(blueprint, *run);
      now_ = run->now;
    }
    scene_ = make_scene(blueprint, summaries_, now_, kMaxDrawn);
  }

  std::string write();

 private:
  void head(double width, double height);
  void title();
  void legend(double y);
  void block(const BlockScene& scene, double x, double y);
  void edge(const EdgeScene& edge, double x, double y);
  void step(const StepScene& scene, double x, double y);
  void state(const StepScene& scene, double x, double y);
  void texts(const StepScene& scene, double x, double y);
  std::string note(StepIndex step) const;
  std::string description() const;
  std::string status_line() const;
  std::map<StepLook, std::size_t> looks() const;

  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  const Blueprint& blueprint_;
  const RunView* run_;
  std::vector<StepSummary> summaries_;
  WallTime now_;
  std::vector<BlockScene> scene_;
  std::string out_;
};

std::map<StepLook, std::size_t> SvgWriter::looks() const {
  std::map<StepLook, std::size_t> out;
  for (StepIndex i = 0; i < blueprint_.size() && run_ != nullptr; ++i) {
    out[summaries_[i].look] += blueprint_.step(i).compensates ? 0U : 1U;
  }
  std::erase_if(out, [](const auto& each) { return each.second == 0; });
  return out;
}

std::string SvgWriter::status_line() const {
  if (run_ == nullptr) {
    return fmt::format("{} steps", blueprint_.size());
  }
  std::optional<WallTime> first;
  std::optional<WallTime> last;
  for (const StepSummary& each : summaries_) {
    if (each.started && (!first || *each.started < *first)) {
      first = each.started;
    }
    const auto length = each.duration(now_);
    if (each.started && length && (!last || *each.started + *length > *last)) {
      last = *each.started + *length;
    }
  }
  const std::string took =
      first && last ? " · " + short_duration(std::chrono::duration_cast<Millis>(*last - *first))
                    : "";
  return fmt::format("run {} · {}{}", run_->id, run_->status, took);
}

std::string SvgWriter::description() const {
  std::string out = fmt::format("Steps of the workflow {}", blueprint_.definition().id);
  const char* separator = ": ";
  for (const auto& [look, count] : looks()) {
    out += fmt::format("{}{} {}", separator, count, look_of(look).name);
    separator = ", ";
  }
  return out + ".";
}

void SvgWriter::head(double width, double height) {
  put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0f}\" height=\"{:.0f}\" "
      "viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-labelledby=\"title desc\">\n",
      width, height, width, height);
  const Definition& definition = blueprint_.definition();
  put("<title id=\"title\">{}</title>\n",
      text::escape_markup(definition.name.empty() ? definition.id : definition.name));
  put("<desc id=\"desc\">{}</desc>\n<style>", text::escape_markup(description()));
  out_ += kStyle;
  for (const Look& look : kLooks) {
    put(".{}{{fill:{}}}", look.name, look.light);
  }
  out_ += "\n@media (prefers-color-scheme: dark){";
  out_ += kDarkStyle;
  for (const Look& look : kLooks) {
    put(".{}{{fill:{}}}", look.name, look.dark);
  }
  out_ += "}\n</style>\n<defs>";
  for (const std::string_view kind : {"", "hot"}) {
    put("<marker id=\"tip{}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"{}\" "
        "markerHeight=\"{}\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip {}\" "
        "d=\"M0 0.5 L8 4 L0 7.5 Z\"/></marker>",
        kind, kind.empty() ? 9 : 12, kind.empty() ? 9 : 12, kind);
  }
  put("</defs>\n<rect class=\"page\" width=\"{:.0f}\" height=\"{:.0f}\"/>\n", width, height);
}

void SvgWriter::title() {
  const Definition& definition = blueprint_.definition();
  put("<text class=\"h\" x=\"{}\" y=\"36\">{}</text>\n", kMargin,
      text::escape_markup(fit(definition.name.empty() ? definition.id : definition.name, 60)));
  put("<text class=\"s\" x=\"{}\" y=\"54\">{}</text>\n", kMargin,
      text::escape_markup(fit(status_line(), 90)));
}

void SvgWriter::legend(double y) {
  double x = kMargin + 8;
  for (const auto& [look, count] : looks()) {
    const std::string label = fmt::format("{} {}", count, look_of(look).name);
    put("<g transform=\"translate({:.1f} {:.1f})\"><circle class=\"{}\" r=\"6\"/>", x, y,
        look_of(look).name);
    put("<text class=\"l\" x=\"11\" y=\"4\">{}</text></g>\n", label);
    x += 34 + 6.2 * static_cast<double>(label.size());
  }
  if (run_ != nullptr) {
    put("<path class=\"edge hot\" d=\"M{:.1f} {:.1f} h22\"/>", x - 6, y);
    put("<text class=\"l\" x=\"{:.1f}\" y=\"{:.1f}\">critical path</text>\n", x + 22, y + 4);
  }
}

void SvgWriter::edge(const EdgeScene& edge, double x, double y) {
  put("<path class=\"edge{}\" marker-end=\"url(#tip{})\" d=\"M{:.1f} {:.1f}",
      edge.critical ? " hot" : "", edge.critical ? "hot" : "", edge.points.front().x + x,
      edge.points.front().y + y);
  for (std::size_t i = 1; i < edge.points.size(); ++i) {
    const Point& from = edge.points[i - 1];
    const Point& to = edge.points[i];
    const double reach = (to.x - from.x) / 2;
    if (from.y == to.y) {
      put(" H{:.1f}", to.x + x);
    } else {
      put(" C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", from.x + reach + x, from.y + y,
          to.x - reach + x, to.y + y, to.x + x, to.y + y);
    }
  }
  out_ += "\"/>\n";
}

void SvgWriter::state(const StepScene& scene, double x, double y) {
  const Look& look = look_of(summaries_[scene.step].look);
  put("<g transform=\"translate({:.1f} {:.1f})\"><circle class=\"{}\" r=\"8\"/>", x + 18, y + 19,
      look.name);
  if (!look.icon.empty()) {
    put("<path class=\"icon\" d=\"{}\"/>", look.icon);
  }
  out_ += "</g>";
}

/// Duration, with the number of instances or of the attempt.
std::string SvgWriter::note(StepIndex step) const {
  if (run_ == nullptr) {
    return "";
  }
  const StepSummary& summary = summaries_[step];
  const auto took = summary.duration(now_);
  const std::string time = took ? short_duration(*took) : "";
  if (summary.instances > 1) {
    return fmt::format("{}/{} {}", summary.done, summary.instances, time);
  }
  return summary.attempts > 1 ? fmt::format("#{} {}", summary.attempts, time) : time;
}

void SvgWriter::texts(const StepScene& scene, double x, double y) {
  constexpr double kNameWidth = 7.4;
  constexpr double kSmallWidth = 6.1;
  const StepDefinition& definition = *blueprint_.step(scene.step).definition;
  const double left = run_ == nullptr ? 12 : 34;
  const double room = scene.width - left - 10;
  const std::string note = this->note(scene.step);
  put("<text class=\"n\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x + left, y + 21,
      text::escape_markup(fit(title_of(definition), static_cast<std::size_t>(room / kNameWidth))));
  const std::string_view each = definition.foreach  ? "for each · "
                                : definition.matrix ? "matrix · "
                                                    : "";
  const double taken = note.empty() ? 0 : kSmallWidth * (static_cast<double>(note.size()) + 2);
  put("<text class=\"s\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x + left, y + 38,
      text::escape_markup(fit(fmt::format("{}{}", each, subtitle_of(definition)),
                              static_cast<std::size_t>((room - taken) / kSmallWidth))));
  if (!note.empty()) {
    put("<text class=\"d\" text-anchor=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
        x + scene.width - 10, y + 38, note);
  }
}

void SvgWriter::step(const StepScene& scene, double x, double y) {
  const StepDefinition& definition = *blueprint_.step(scene.step).definition;
  const std::string_view kind = scene.inner.empty() ? "card" : "box";
  const bool ghost = run_ != nullptr && summaries_[scene.step].look == StepLook::kSkipped;
  put("<g><title>{}</title>", text::escape_markup(blueprint_.path(scene.step)));
  if (definition.foreach || definition.matrix) {
    put("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "rx=\"8\"/>",
        kind, x + 5, y + 5, scene.width, scene.height);
  }
  put("<rect class=\"{}{}{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "rx=\"8\"/>",
      kind, scene.critical ? " hot" : "", ghost ? " ghost" : "", x, y, scene.width, scene.height);
  texts(scene, x, y);
  if (run_ != nullptr) {
    state(scene, x, y);
  }
  out_ += "</g>\n";
  for (const BlockScene& inner : scene.inner) {
    block(inner, x + inner.at.x, y + inner.at.y);
  }
}

void SvgWriter::block(const BlockScene& scene, double x, double y) {
  if (!scene.label.empty()) {
    put("<text class=\"l\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x, y + 12, scene.label);
  }
  for (const EdgeScene& each : scene.edges) {
    edge(each, x, y);
  }
  for (const StepScene& each : scene.steps) {
    step(each, x + each.at.x, y + each.at.y);
  }
  if (scene.hidden > 0) {
    put("<text class=\"l\" x=\"{:.1f}\" y=\"{:.1f}\">… and {} more steps that are not "
        "drawn</text>\n",
        x, y + scene.height - 4, scene.hidden);
  }
}

std::string SvgWriter::write() {
  double width = 0;
  double height = 0;
  for (const BlockScene& each : scene_) {
    width = std::max(width, each.at.x + each.width);
    height = std::max(height, each.at.y + each.height);
  }
  const double legend_room = run_ == nullptr ? 0 : kLegendHeight;
  width = std::max(width + 2 * kMargin + 8, 460.0);
  height += kTitleHeight + kMargin + legend_room + kMargin;
  head(width, height);
  title();
  for (const BlockScene& each : scene_) {
    block(each, kMargin + each.at.x, kTitleHeight + kMargin / 2 + each.at.y);
  }
  if (run_ != nullptr) {
    legend(height - kMargin);
  }
  out_ += "</svg>\n";
  return std::move(out_);
}

}  // namespace

std::string svg(const Blueprint& blueprint, const RunView* run) {
  return SvgWriter(blueprint, run).write();
}

}  // namespace oap::workflow
