// The server's front page: a room's name leads to its page.

const room = document.getElementById("room");
const problem = document.getElementById("problem");

document.getElementById("go").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = room.value.trim();
  // A browser resolves the two dots as folders: no link can name such a room.
  const usable = name !== "" && name !== "." && name !== "..";
  problem.hidden = usable;
  if (usable) {
    location.assign(`/r/${encodeURIComponent(name)}`);
  } else {
    problem.textContent = name === "" ? "Type the name of a room." : "A room cannot have this name.";
    room.focus();
  }
});

room.focus();
