/* buffer - bytes that grow up to a named cap, never beyond it. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"

enum { FIRST_CAPACITY = 64 };

void buffer_init(struct buffer *buf, size_t max)
{
	assert(max < SIZE_MAX / 2);
	*buf = (struct buffer){.max = max};
}

void buffer_clear(struct buffer *buf)
{
	free(buf->data);
	buffer_init(buf, buf->max);
}

void buffer_reset(struct buffer *buf)
{
	buf->len = 0;
	buf->overflow = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

/* Room for `len` more bytes and the NUL. After an overflow nothing fits any more: a text with a hole
 * in it would be worse than one that ends. */
static bool reserve(struct buffer *buf, size_t len)
{
	if (buf->overflow || len > buf->max - buf->len) {
		buf->overflow = true;
		return false;
	}
	size_t need = buf->len + len + 1;

	if (need <= buf->capacity)
		return true;
	size_t capacity = buf->capacity ? buf->capacity * 2 : FIRST_CAPACITY;

	if (capacity > buf->max + 1)
		capacity = buf->max + 1;
	if (capacity < need)
		capacity = need;
	buf->data = memory_resized(buf->data, capacity);
	buf->capacity = capacity;
	return true;
}

bool buffer_append(struct buffer *buf, const void *bytes, size_t len)
{
	if (!reserve(buf, len))
		return false;
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return true;
}

bool buffer_append_text(struct buffer *buf, const char *text)
{
	return buffer_append(buf, text, strlen(text));
}

bool buffer_append_format(struct buffer *buf, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	bool fits = len >= 0 && reserve(buf, (size_t)len);

	if (fits) {
		(void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
	va_end(args);
	return fits;
}

const char *buffer_text(const struct buffer *buf)
{
	return buf->data != NULL ? buf->data : "";
}

char *buffer_take(struct buffer *buf)
{
	char *taken = buf->data != NULL ? buf->data : memory_copied("", 0);

	buffer_init(buf, buf->max);
	return taken;
}
