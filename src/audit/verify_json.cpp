#include "audit/verify.hpp"

namespace oap::audit {

json::Object to_json(const VerifyReport& report) {
  json::Object object{
      {"ok", report.ok}, {"events", report.events}, {"first", report.first}, {"last", report.last}};
  if (report.checkpoints > 0) {
    object["checkpoints"] = report.checkpoints;
  }
  if (report.anchors_compared + report.anchors_retired > 0) {
    object["anchors"] =
        json::Object{{"compared", report.anchors_compared}, {"retired", report.anchors_retired}};
  }
  if (report.is_undecided) {
    object["undecided"] = true;
  }
  if (!report.problems.empty()) {
    json::Array problems;
    for (const Problem& problem : report.problems) {
      problems.push_back(json::Object{{"segment", problem.segment},
                                      {"line", problem.line},
                                      {"seq", problem.seq},
                                      {"what", problem.what}});
    }
    object["problems"] = std::move(problems);
  }
  if (!report.notes.empty()) {
    json::Array notes;
    for (const std::string& note : report.notes) {
      notes.emplace_back(note);
    }
    object["notes"] = std::move(notes);
  }
  return object;
}

}  // namespace oap::audit
