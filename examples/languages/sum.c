// C has no JSON of its own: the values come as numbers in a variable.
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  const char* at = getenv("VALUES");
  const char* path = getenv("DYNA_OUTPUTS");
  if (at == NULL || path == NULL) return 2;
  long sum = 0;
  for (char* end = NULL;; at = end) {
    const long value = strtol(at, &end, 10);
    if (end == at) break;
    sum += value;
  }
  FILE* outputs = fopen(path, "a");
  if (outputs == NULL) return 3;
  fprintf(outputs, "{\"sum\": %ld}\n", sum);
  return fclose(outputs) == 0 ? 0 : 4;
}
