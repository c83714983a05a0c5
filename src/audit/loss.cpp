#include "audit/loss.hpp"

namespace oap::audit {

std::optional<std::string> told_loss(const Parsed& record) {
  const json::Value* details = json::find(record.record, "details");
  if (details == nullptr) {
    return std::nullopt;
  }
  const std::string type = record.text("event_type");
  const auto has = [details](std::string_view key) {
    return details->is_object() && json::find(details->get_object(), key) != nullptr;
  };
  if (type == "recovered" && has("lost_records")) {
    return fmt::format("{} acknowledged records were missing here when the log was next opened",
                       json::get_int(*details, "lost_records"));
  }
  if (type == "recovered" && has("chain_removed")) {
    return "the audit folder was removed or emptied: all records before this one are missing";
  }
  if (type == "recovered" && has("head_missing")) {
    return "the head file was missing or damaged when the log was next opened: records may be "
           "missing "
           "here";
  }
  if (type == "retired" && has("losses")) {
    return fmt::format("{} of the retired records told that acknowledged records were missing",
                       json::get_int(*details, "losses"));
  }
  return std::nullopt;
}

Result<std::uint64_t> count_losses(int fd, const Segment& segment) {
  BackwardLines lines(fd, segment.size);
  std::uint64_t losses = 0;
  while (true) {
    OAP_TRY(const std::optional<std::string> line, lines.next());
    if (!line) {
      return losses;
    }
    const bool own = line->find(R"("event_type":"re)") != std::string::npos;
    const auto parsed = own ? parse_line(*line) : Result<Parsed>(fail(Code::kNotFound, "no event"));
    losses += parsed && told_loss(*parsed) ? 1U : 0U;
  }
}

}  // namespace oap::audit
