#include "text/time.hpp"
#include "workflow/machine/machine.hpp"
