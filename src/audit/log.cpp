#include "audit/log.hpp"

#include <utility>

#include "audit/core.hpp"

namespace oap::audit {

Log::Log(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(Options options) {
  OAP_TRY(std::unique_ptr<Core> core, Core::open(std::move(options)));
  return std::unique_ptr<Log>(new Log(std::move(core)));
}

Result<void> Log::append(const Event& event, Durability durability) {
  return core_->append(event, durability);
}

void Log::append_async(const Event& event, Durability durability, Done done) {
  core_->append_async(event, durability, std::move(done));
}

Result<void> Log::note_refused(std::uint64_t count, const Error& why) {
  return core_->note_refused(count, why);
}

Result<Log::Retired> Log::retire(Millis age) { return core_->retire(age); }
Result<Log::Retired> Log::retire_due(Millis age) { return core_->retire_due(age); }

Result<std::uint64_t> Log::rotate_key() { return core_->rotate_key(); }
Result<void> Log::erase(const std::string& user_id) { return core_->erase(user_id); }

}  // namespace oap::audit
