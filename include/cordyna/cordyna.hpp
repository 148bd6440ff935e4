/// All of the library.
#pragma once

#include "cordyna/config.hpp"
#include "cordyna/container.hpp"
#include "cordyna/errors.hpp"
#include "cordyna/event.hpp"
#include "cordyna/file.hpp"
#include "cordyna/http.hpp"
#include "cordyna/input.hpp"
#include "cordyna/kafka.hpp"
#include "cordyna/orchestrator.hpp"
#include "cordyna/poll.hpp"
#include "cordyna/postgres.hpp"
#include "cordyna/process.hpp"
#include "cordyna/redis.hpp"
#include "cordyna/result.hpp"
#include "cordyna/webhook.hpp"
