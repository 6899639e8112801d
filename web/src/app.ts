import "htmx.org/dist/htmx.esm.js";console.log(1)
