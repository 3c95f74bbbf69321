// Included before all else when the SQLite addon is compiled. Since 24.19 the headers of Node 24 register a hook with the
// environment for every wrapped object, and remove it when that is collected. Where no context is entered then there is
// no environment to be found, and Node ends the process (nodejs/node#65446). Without the hooks it is as it was before.
#include <node.h>
#define AddEnvironmentCleanupHook(...) static_cast<void>(0)
#define RemoveEnvironmentCleanupHook(...) static_cast<void>(0)
#include <node_object_wrap.h>
#undef AddEnvironmentCleanupHook
#undef RemoveEnvironmentCleanupHook
