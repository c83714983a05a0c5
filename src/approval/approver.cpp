#include "approval/approver.hpp"

namespace oap::approval {

Task<Result<Answer>> FixedApprover::ask(Request /*request*/) { co_return answer_; }

}  // namespace oap::approval
