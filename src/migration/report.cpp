#include "migration/report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

json::Array texts(const std::vector<std::string>& from) {
  json::Array out;
  for (const std::string& one : from) {
    out.emplace_back(text::sanitize_utf8(one));
  }
  return out;
}

void list(std::string& out, std::string_view head, const std::vector<std::string>& lines) {
  if (lines.empty()) {
    return;
  }
  out += fmt::format("{}:\n", head);
  for (const std::string& line : lines) {
    out += fmt::format("  {}\n", text::escape_visible(line));
  }
}

}  // namespace

std::string_view Report::status() const {
  return failed ? "failed" : (errors.empty() ? "success" : "partial");
}

void Report::migrated(std::string_view component) {
  if (std::find(components.begin(), components.end(), component) == components.end()) {
    components.emplace_back(component);
  }
}

bool Report::changed() const {
  return std::any_of(files.begin(), files.end(), [](const FileOutcome& one) {
    return one.action != "unchanged" && one.action != "kept";
  });
}

void Report::bound() {
  constexpr std::size_t kMost = 1'000;
  for (std::vector<std::string>* list : {&warnings, &errors}) {
    if (list->size() > kMost) {
      const std::size_t more = list->size() - kMost;
      list->resize(kMost);
      list->push_back(fmt::format("and {} more", more));
    }
  }
  if (not_carried.size() > kMost) {
    const std::size_t more = not_carried.size() - kMost;
    not_carried.resize(kMost);
    not_carried.push_back({fmt::format("and {} more", more), source, "the list ends here"});
  }
}

json::Object to_json(const Report& report) {
  json::Array not_carried;
  for (const NotCarried& one : report.not_carried) {
    not_carried.push_back(json::Object{{"key", text::sanitize_utf8(one.key)},
                                       {"where", text::sanitize_utf8(one.where)},
                                       {"reason", text::sanitize_utf8(one.reason)}});
  }
  json::Array files;
  for (const FileOutcome& one : report.files) {
    files.push_back(json::Object{{"path", text::sanitize_utf8(one.path)}, {"action", one.action}});
  }
  return {{"status", report.status()},
          {"host", report.host},
          {"source", text::sanitize_utf8(report.source)},
          {"target", text::sanitize_utf8(report.target)},
          {"dry_run", report.dry_run},
          {"changed", report.changed()},
          {"migrated_components", texts(report.components)},
          {"warnings", texts(report.warnings)},
          {"errors", texts(report.errors)},
          {"not_carried", std::move(not_carried)},
          {"files", std::move(files)}};
}

std::string to_text(const Report& report) {
  std::string out = fmt::format("{}: {}{}\n", report.host, report.status(),
                                report.dry_run ? " (dry run: nothing was written)" : "");
  if (!report.components.empty()) {
    out += fmt::format("Carried over: {}\n", text::join(report.components, ", "));
  }
  std::vector<std::string> files;
  for (const FileOutcome& one : report.files) {
    files.push_back(fmt::format("{:<10} {}", one.action, one.path));
  }
  list(out, "Files", files);
  list(out, "Errors", report.errors);
  list(out, "Warnings", report.warnings);
  std::vector<std::string> left;
  for (const NotCarried& one : report.not_carried) {
    left.push_back(fmt::format("{} ({}): {}", one.key, one.where, one.reason));
  }
  list(out, "Not carried over", left);
  return out;
}

}  // namespace oap::migration
